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
from bot.localchat.seed import GROUP_ID
from tests.chat.conftest import House
from tests.chatclient import Member

HANEUL, MINJUN = 1001, 1002
PATIENCE = 5.0
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
