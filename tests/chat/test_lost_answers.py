"""Telegram takes requests and never answers, carried out or not; the engine dies with a command's begin or end."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.chat import transport
from bot.localchat.faults import Fault
from bot.sandbox.events import EngineBack
from tests.chat.bash_lab import HELD
from tests.chat.conftest import House
from tests.chatclient import Member, Seen

SHORT = 0.4
"""Seconds in place of the transport's bounds: real hangs, in a test's time."""


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CALL", "UPLOAD", "ASIDE"):
        monkeypatch.setattr(transport, name, aiohttp.ClientTimeout(total=SHORT))


def frames(learner: Member, command: str) -> list[Seen]:
    """The bot's messages about this command that are there now."""
    return [one for one in learner.messages if one.from_bot and command in one.text]


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("times", [1, 2])
async def test_a_first_frame_without_an_answer_is_sent_again_and_stands_once(
    house: House, learner: Member, applied: bool, times: int
) -> None:
    """The command's end is in the chat, and no message is left behind that says that it runs."""
    await learner.says("echo warm")
    await learner.sees("✓")
    house.local.faults.order(Fault("sendMessage", None, times, applied))
    await learner.says("echo be''gun; sleep 0.5; echo finished")
    await learner.sees("\nfinished\n", timeout=15)
    async with asyncio.timeout(15):
        # Nobody is told that a message goes.
        while len(shown := frames(learner, "be''gun")) > 1 or learner.shows("⏳") or learner.shows("🕘"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert len(shown) == 1 and "✓" in shown[0].text


async def test_what_people_wrote_meanwhile_stays(house: House, learner: Member) -> None:
    """The message that is taken back is the bot's own."""
    await learner.says("echo warm")
    await learner.sees("✓")
    house.local.faults.order(Fault("sendMessage", None, applied=True))
    first = await learner.says("read -r word; echo got $word")
    await asyncio.sleep(SHORT / 2)
    second = await learner.says("lunch")
    await learner.sees("got lunch", timeout=15)
    await asyncio.sleep(SHORT)
    assert learner.now(first) and learner.now(second)
    assert len(frames(learner, "read -r word")) == 1


async def test_a_screen_that_moved_leaves_nothing_behind(house: House, learner: Member) -> None:
    """Its old message goes, although Telegram failed to delete it at first."""
    await learner.says("read -p 'name? ' -r word; echo got $word")
    waiting = await learner.sees("입력을 기다려요")
    house.local.faults.order(Fault("deleteMessage", 500))
    await learner.says("lunch")
    await learner.sees("got lunch")
    async with asyncio.timeout(15):
        while learner.now(waiting) is not None:  # noqa: ASYNC110 - nobody is told that a message goes
            await asyncio.sleep(0.05)


async def test_edits_without_an_answer_hold_nobody(house: House, learner: Member) -> None:
    """Two frames hang; the end comes, and so does what was asked meanwhile."""
    await learner.says("echo warm")
    await learner.sees("✓")
    house.local.faults.order(Fault("editMessageText", None, 2))
    await learner.says("echo begun; sleep 0.3; echo finished")
    await learner.call("say", chat=learner.chat, text="/help")
    await learner.sees("도움말")
    await learner.sees("\nfinished\n", timeout=15)


async def test_a_tap_whose_answer_hangs_is_done_all_the_same(house: House, learner: Member) -> None:
    """The short word on top of the screen is lost, the work is not."""
    await learner.says("echo again")
    ended = await learner.sees("✓")
    house.local.faults.order(Fault("answerCallbackQuery", None))
    house.local.faults.order(Fault("sendChatAction", None))
    await learner.presses("🔁 다시", on=ended)
    await learner.sees_where(lambda seen: seen.id > ended.id and "✓" in seen.text, "the second run")


async def test_a_line_that_died_with_the_engine_is_said_to_be_lost(house: House, learner: Member) -> None:
    """It is not ⏳ for ever; the next command runs."""
    await learner.says("echo warm")
    await learner.sees("✓")
    house.labs.only.shell.deaf = True
    await learner.says("echo never")
    await learner.sees("⏳ 실행 중")
    house.labs.only.shell.deaf = False
    house.events.tell(EngineBack())
    await learner.sees("실행되지 않은 것 같아요")
    await learner.says("echo next")
    await learner.sees("\nnext\n")


async def test_an_end_that_died_with_the_engine_is_said_to_be_unknown(house: House, learner: Member) -> None:
    """The shell is at its prompt again, and nobody saw how the command ended."""
    await learner.says(f"echo be''gun; {HELD}")
    await learner.sees("\nbegun\n")
    shell = house.labs.only.shell
    shell.mute = True
    shell.let_go()
    async with asyncio.timeout(15):
        while b"\x1b]133;B" not in shell.lost:  # noqa: ASYNC110 - bash is at its prompt, and tells nobody now
            await asyncio.sleep(0.01)
    assert learner.shows("⏳ 실행 중")
    shell.mute = False
    house.events.tell(EngineBack())
    await learner.sees("어떻게 끝났는지 알 수 없어요")


async def test_a_program_that_runs_on_is_not_given_up(house: House, learner: Member) -> None:
    """The engine was away, and the program did not notice."""
    await learner.says("echo begun; read -r word; echo got $word")
    await learner.sees("begun")
    house.events.tell(EngineBack())
    await asyncio.sleep(0.3)
    await learner.says("lunch")
    await learner.sees("got lunch")
    await learner.sees("✓")


async def test_a_rest_of_a_line_is_still_waited_for(house: House, learner: Member) -> None:
    """`> ` is no prompt for a new command."""
    await learner.says("echo 'one")
    await learner.sees("명령이 아직 끝나지 않았어요")
    house.events.tell(EngineBack())
    await asyncio.sleep(0.3)
    await learner.says("two'")
    await learner.sees("one\ntwo")
