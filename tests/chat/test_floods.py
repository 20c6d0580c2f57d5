"""Programs that write without end: bounded, and not felt elsewhere. A real bash, a pty that holds its program back."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from bot.terminal.frames import MAX_MESSAGE_UNITS
from tests.chat.conftest import House
from tests.chatclient import Member

FORUM = -1001000000002
FLOODS = [
    "yes",
    "yes '@everyone https://evil.example <b>bold</b> /start'",
    "cat /dev/urandom",
    "while :; do printf '\\e[?1049h\\e[6n\\e]52;c;aGk=\\a\\e]0;title\\a\\e[c\\e[%d;%dH한' $RANDOM $RANDOM; done",
]


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_is_stopped_and_said_so(learner: Member, flood: str) -> None:
    """Its message fits, stays one message with entities that lead nowhere, and Ctrl-C still reaches the program."""
    await learner.says(flood)
    await asyncio.sleep(1.5)
    running = await learner.sees_where(lambda seen: seen.text.startswith("$ ") and seen.buttons, "the flood")
    assert len(running.text.encode("utf-16-le")) // 2 <= MAX_MESSAGE_UNITS
    await learner.presses("Ctrl-C", on=running)
    ended = await learner.sees("종료 코드 130", timeout=20)
    assert {entity["type"] for entity in ended.shape["entities"]} <= {"code", "pre"}
    assert sum(seen.from_bot for seen in learner.messages) == 1


async def test_a_hundred_thousand_lines_end_whole(learner: Member) -> None:
    """The last lines in the message; the document has the beginning, the end, and how much is missing between."""
    await learner.says("seq 100000")
    shown = await learner.sees("✓", timeout=30)
    assert "\n100000\n" in shown.text
    await learner.presses("📄 전체", on=shown)
    file = await learner.sees_file("document")
    lines = (await learner.opens(file.shape["document"]["file_id"])).decode().splitlines()
    assert lines[1] == "1" and lines[-1] == "100000"


async def test_others_are_answered_while_many_flood(house: House) -> None:
    """Five floods at once: somebody else's command ends as if they were not there."""
    async with AsyncExitStack() as stack:
        organiser = await stack.enter_async_context(Member(house.url, chat=FORUM))
        for number in range(5):
            topic = (await organiser.call("topic", chat=FORUM, name=f"yes {number}"))["id"]
            flooding = await stack.enter_async_context(Member(house.url, chat=FORUM, topic=topic))
            await flooding.says("/sh yes")
        learner = await stack.enter_async_context(Member(house.url, 1002))
        await asyncio.sleep(1)
        for number in range(3):
            await learner.says(f"echo $(({number} + 40))")
            await learner.sees(f"\n{number + 40}\n", timeout=3)
