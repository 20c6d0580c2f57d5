"""What is stored is said, goes when it is asked to, and is never in the log."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.errors import EngineUnavailable
from bot.identity import Scope
from bot.localchat.seed import FORUM_ID, GROUP_ID
from tests.chat.bash_lab import HELD
from tests.chat.conftest import House
from tests.chatclient import Member

HANEUL, MINJUN = 1001, 1002
PATIENCE = 5.0
AFTERWARDS = 1.0
"""Seconds in which what was under way would have come back."""
DOCUMENT = Path(__file__).resolve().parent.parent.parent / "deploy" / "PRIVACY.md"


async def stored(house: House) -> dict[str, int]:
    """How many rows each table has; tables without any are left out, and so are the mere numbers of done updates."""
    tables = await house.store._database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    counted = {name: (await house.store._database.rows(f"SELECT count(*) FROM {name}"))[0][0] for (name,) in tables}
    numbers = await house.store._database.rows("SELECT count(*) FROM inbox WHERE body IS NULL")
    counted["inbox"] -= numbers[0][0]
    return {name: count for name, count in counted.items() if count}


async def nothing_is_stored(house: House) -> None:
    """The tap that asked for it is itself kept until it was answered."""
    async with asyncio.timeout(PATIENCE):
        while await stored(house):  # noqa: ASYNC110 - the store has no events
            await asyncio.sleep(0.01)


async def test_whoever_asks_is_forgotten(house: House, learner: Member) -> None:
    """After a question; progress, commands and the lab go, and the next word is a newcomer's."""
    await learner.says("/start ch02-clean-up")
    await learner.presses("▶ 실행")
    await learner.sees("✅ 해냈어요.")
    await learner.says("/forget")
    await learner.presses("그대로 두기")
    await learner.sees("그대로 둘게요")
    assert await stored(house)
    await learner.says("/forget")
    await learner.presses("🗑 내 것 지우기")
    await learner.sees_where(lambda seen: "저장된 것을 모두 지웠어요" in seen.text and not seen.buttons, "the end")
    await nothing_is_stored(house)
    await learner.says("/start")
    await learner.sees_button("▶ 1장 시작")


async def test_a_member_is_forgotten_without_the_others(house: House) -> None:
    """The group's lab, and what others have done, stay."""
    async with AsyncExitStack() as stack:
        people = [Member(house.url, user, chat=GROUP_ID) for user in (HANEUL, MINJUN)]
        haneul, minjun = [await stack.enter_async_context(person) for person in people]
        await haneul.says("/start ch02-clean-up")
        step = await haneul.sees("4/4")
        for person in (haneul, minjun):
            await person.presses("✔ 확인", on=step)
            await person.sees("✅" if person is haneul else "👣")
        await haneul.says("/sh lunch=1")
        await haneul.sees("✓")
        await minjun.says("/forget")
        asked = await minjun.sees("무엇을 지울까요?")
        toast = await minjun.sees_toast(await minjun.presses("이 그룹의 것", on=asked))
        assert "관리자만" in toast.text
        await minjun.sees_toast(await minjun.presses("내 것 지우기", on=asked))
        await haneul.says("/sh echo [$lunch]")
        await haneul.sees("\n[1]\n")
        assert {one.user_id for one in await house.store.completions.of(Scope(GROUP_ID))} == {HANEUL}
        await haneul.presses("이 그룹의 것", on=asked)
        await haneul.sees("이 그룹에 대해 저장된 것을 모두")
    await nothing_is_stored(house)


async def forget(house: House, learner: Member) -> None:
    """Somebody's own things, and nothing comes back afterwards."""
    await learner.says("/forget")
    await learner.presses("🗑 내 것 지우기", on=await learner.sees("모두 지울까요?"))
    await learner.sees_where(lambda seen: "저장된 것을 모두 지웠어요" in seen.text and not seen.buttons, "the end")
    await nothing_is_stored(house)
    await asyncio.sleep(AFTERWARDS)
    assert await stored(house) == {}


@pytest.mark.parametrize("line", ["sleep 600", "(trap 'exit 0' INT; read x)", "read word"])
async def test_what_runs_writes_nothing_after_it(house: House, learner: Member, line: str) -> None:
    """A program that runs ends with the lab, and neither its end nor its step is noted."""
    await learner.says("/start ch02-hello")
    await learner.sees("2/4")
    await learner.says(line)
    await learner.sees(f"$ {line}")
    await forget(house, learner)
    assert not learner.shows("✅")
    await learner.says("echo new")
    await learner.sees("\nnew\n")


async def test_a_check_that_waits_for_the_engine_opens_no_lab_after_it(
    house: House, learner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be a newcomer's, whom nobody has met."""
    monkeypatch.setattr("bot.chat.checks.ENGINE_RETURNS", (1.0,))
    await learner.says("/start ch02-clean-up")
    await learner.sees("4/4")
    await learner.says(HELD)
    await learner.sees("$ until")
    house.labs.only.broken_off = [EngineUnavailable("no answer")]
    house.labs.only.shell.let_go()
    await learner.sees("✓")
    await forget(house, learner)
    await asyncio.sleep(1.2)
    assert await stored(house) == {}


async def test_a_lab_that_is_being_opened_is_not_there_after_it(house: House, learner: Member) -> None:
    """The command that waits for it does not run."""
    house.labs.opening = asyncio.Event()
    await learner.says("touch made")
    await learner.sees("여는 중")
    await forget(house, learner)
    house.labs.opening.set()
    await asyncio.sleep(AFTERWARDS)
    assert await stored(house) == {}
    await learner.says("ls")
    await learner.sees_where(lambda seen: seen.text.startswith("$ ls") and "✓" in seen.text, "an empty lab")


async def test_a_demo_does_not_play_on_after_it(house: House, learner: Member) -> None:
    """Not even the scene that cleans up: there is nothing left."""
    await learner.says("/demo")
    await learner.sees("하나")
    await forget(house, learner)
    assert not learner.shows("정리") and not learner.shows("여기까지예요")


async def test_a_member_who_is_forgotten_completes_nothing_afterwards(house: House) -> None:
    """Their command runs on for the group, and nobody is noted for it; their line that waits does not run."""
    async with Member(house.url, HANEUL, chat=GROUP_ID) as haneul, Member(house.url, MINJUN, chat=GROUP_ID) as minjun:
        await haneul.says("/start ch02-clean-up")
        await haneul.sees("4/4")
        await minjun.says(f"/sh {HELD}; docker container ls")
        await minjun.sees("⏳")
        await minjun.says("/sh echo 둘째")
        waiting = await minjun.sees("1번째")
        await minjun.says("/forget")
        await minjun.sees_toast(await minjun.presses("내 것 지우기", on=await minjun.sees("무엇을 지울까요?")))
        async with asyncio.timeout(PATIENCE):
            while minjun.now(waiting) is not None:  # noqa: ASYNC110 - nobody is told that a message goes
                await asyncio.sleep(0.01)
        house.labs.only.shell.let_go()
        await minjun.sees_where(lambda seen: "docker container ls" in seen.text and seen.button("🔁"), "the end")
        await asyncio.sleep(AFTERWARDS)
        assert not minjun.shows("\n둘째\n")
    for table in ("completions", "commands", "audit", "unfinished", "queue"):
        assert not await house.store._database.rows(f"SELECT * FROM {table} WHERE user_id = {MINJUN}")


async def test_a_forum_is_forgotten_with_all_its_topics(house: House) -> None:
    """Asked for in one of them; their labs go, and a topic where something runs says nothing more."""
    async with AsyncExitStack() as stack:
        topics = [Member(house.url, HANEUL, chat=FORUM_ID, topic=topic) for topic in (None, 1)]
        first, second = [await stack.enter_async_context(person) for person in topics]
        for person in (first, second):
            await person.says("/start ch02-hello")
            await person.sees("2/4")
            await person.says("/sh sleep 600")
            await person.sees("$ sleep 600")
        await first.says("/forget")
        await first.presses("이 그룹의 것", on=await first.sees("무엇을 지울까요?"))
        await first.sees("이 그룹에 대해 저장된 것을 모두")
    await nothing_is_stored(house)
    await asyncio.sleep(AFTERWARDS)
    assert await stored(house) == {} and not house.labs._labs


async def test_what_is_stored_is_documented(house: House) -> None:
    """A table that is added is described, or this fails."""
    tables = await house.store._database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    described = set(re.findall(r"(?m)^\| `(\w+)` \|", DOCUMENT.read_text("utf-8")))
    assert {name for (name,) in tables} == described


async def test_the_log_has_nobodys_words(house: House, learner: Member, caplog: pytest.LogCaptureFixture) -> None:
    """Neither of what works nor of what fails, nor the token."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.WARNING, "aiohttp.access")  # As the program itself has it.
    await learner.says("echo top-secret")
    await learner.sees("✓")
    await learner.says("/run top-secret")
    await learner.sees("이미지")
    house.labs.refuse = EngineUnavailable("away")
    await learner.says("cat top-secret")
    await learner.sees("응답하지 않아요")
    house.labs.refuse = ValueError("a mistake of ours")
    await learner.says("ls top-secret")
    await learner.sees("문제가 생겼어요")
    assert "a mistake of ours" in caplog.text
    assert "top-secret" not in caplog.text and house.local.token not in caplog.text
