"""The end of a lab as people read of it: warned, put off, closed by hand."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from bot.errors import EngineTimeout
from bot.localchat.seed import GROUP_ID
from bot.pages import Pages
from bot.sandbox.events import ContainerStarted
from bot.sandbox.summary import PublishedPort
from bot.store import LabState
from tests.chat.bash_lab import container
from tests.chat.conftest import House
from tests.chatclient import Member


@pytest.fixture
async def hasty(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A bot that looks at the clock all the time."""
    monkeypatch.setattr("bot.chat.warden.TICK_SECONDS", 0.05)
    await house.restart()
    return house


async def test_the_end_is_said_put_off_twice_and_then_comes(hasty: House, learner: Member) -> None:
    """Each time it says how long is left; what goes and what stays is said at the end."""
    await learner.says("true")
    await learner.sees("✓")
    hasty.now += timedelta(hours=3, minutes=55)
    warned = await learner.sees("5분 뒤 정리됩니다")
    toast = await learner.sees_toast(await learner.presses("30분 연장", on=warned))
    assert "앞으로 35분 동안" in toast.text
    await learner.says("/extend")
    await learner.sees("앞으로 1시간 동안")
    await learner.says("/extend")
    await learner.sees("두 번까지")
    hasty.now += timedelta(minutes=60)
    assert not (await learner.sees("5분 뒤 정리됩니다")).buttons
    hasty.now += timedelta(minutes=5)
    await learner.sees("사라진 컨테이너: 0개. 진도는 그대로예요")
    await learner.says("/extend")
    await learner.sees("이미 정리된")


async def test_a_bot_that_is_killed_while_it_extends_extends_once(house: House, learner: Member) -> None:
    """The end was put off, but not noted that this is done: the next start does it again, and says the same."""
    await learner.says("true")
    await learner.sees("✓")
    await house.store._database.rows(
        "CREATE TRIGGER forgets BEFORE UPDATE OF body ON inbox BEGIN SELECT RAISE(IGNORE); END"
    )
    await learner.says("/extend")
    first = await learner.sees("(16:30)")
    await house.stack.aclose()
    await house.store._database.rows("DROP TRIGGER forgets")
    await house.start()
    await learner.sees_where(lambda seen: seen.id > first.id and "(16:30)" in seen.text, "the same again")
    (record,) = await house.store.labs.all()
    assert record.extensions == 1


async def test_a_bot_that_is_killed_while_it_extends_a_page_extends_it_once(
    house: House, learner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had not answered yet: the next start says that the page was extended, as it would have."""
    await learner.says("true")
    await learner.sees("✓")
    web = container("quirky_hugle", number=4, ports=(PublishedPort(8088, 80, "tcp"),))
    house.events.tell(ContainerStarted(house.labs.only.id, web))
    page = await learner.sees("30분 뒤")
    extend, extended = Pages.extend, asyncio.Event()

    async def killed_after(*asked: Any) -> NoReturn:
        await extend(*asked)
        extended.set()
        await asyncio.Event().wait()
        raise AssertionError

    with monkeypatch.context() as killed:
        killed.setattr(Pages, "extend", killed_after)
        tap = await learner.presses("⏱ 연장", on=page)
        await extended.wait()
        await house.stack.aclose()
    await house.start()
    assert "연장했어요. 앞으로 1시간 동안" in (await learner.sees_toast(tap)).text
    await learner.sees("1시간 뒤")


async def test_a_lab_is_closed_by_hand_after_a_question(house: House, learner: Member) -> None:
    """No keeps it, yes takes it away; without one there is nothing to close."""
    await learner.says("/close")
    await learner.sees("열린 실습 환경이 없어요")
    await learner.says("true")
    await learner.sees("✓")
    await learner.says("/close")
    await learner.presses("그대로 두기")
    await learner.sees("그대로 둘게요")
    await learner.says("/close")
    await learner.presses("🧹 닫기")
    await learner.sees("닫았어요. 사라진 컨테이너: 0개.")
    assert await house.store.labs.all() == ()


async def test_a_second_yes_while_a_lab_is_closed_is_told_so(house: House) -> None:
    """Of another member or of the same: what went is said once, with its number, and stays."""
    async with Member(house.url, 1001, chat=GROUP_ID) as haneul, Member(house.url, 1002, chat=GROUP_ID) as minjun:
        await haneul.says("/sh true")
        await haneul.sees("✓")
        house.labs.only.listed = [container("web"), container("db", number=2)]
        house.labs.closing = asyncio.Event()
        await haneul.says("/close")
        asked = await minjun.sees_button("🧹 닫기")
        await haneul.presses("🧹 닫기", on=asked)
        for member in (minjun, haneul):
            toast = await member.sees_toast(await member.presses("🧹 닫기", on=asked))
            assert "정리하는 중" in toast.text
        house.labs.closing.set()
        await minjun.sees("사라진 컨테이너: 2개")
        await minjun.says("/close")
        await minjun.sees("열린 실습 환경이 없어요")
        assert not minjun.shows("사라진 컨테이너: 0개") and minjun.shows("사라진 컨테이너: 2개")


async def test_a_closing_that_breaks_off_goes_on_by_itself_and_is_no_end_of_time(
    house: House, learner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked of the learner, a command meanwhile does not promise their files, and what went is said."""
    await learner.says("true")
    await learner.sees("✓")
    house.labs.only.listed = [container("web"), container("db", number=2)]
    house.labs.stuck = [EngineTimeout("silent about one"), EngineTimeout("still")]
    await learner.says("/close")
    await learner.presses("🧹 닫기")
    await learner.sees("알아서 계속 닫을게요")
    await learner.says("echo later")
    await learner.sees_where(lambda seen: "echo later" in seen.text and "알아서 계속 닫을게요" in seen.text, "why")
    assert not learner.shows("파일은 그대로예요") and not learner.shows("다시 한번 해 보세요")
    monkeypatch.setattr("bot.chat.warden.TICK_SECONDS", 0.05)
    await house.restart()
    await learner.sees("닫았어요. 사라진 컨테이너: 2개.")
    assert not learner.shows("시간이 되어") and await house.store.labs.all() == ()


async def test_who_closes_a_lab_whose_time_is_just_up_is_told_that_it_is_gone(hasty: House, learner: Member) -> None:
    """Its end was said with the number of what went."""
    await learner.says("true")
    await learner.sees("✓")
    hasty.labs.only.listed = [container("web")]
    hasty.now += timedelta(hours=3, minutes=55)
    await learner.sees("5분 뒤 정리됩니다")
    await learner.says("/close")
    await learner.sees_button("🧹 닫기")
    hasty.labs.closing = asyncio.Event()
    hasty.now += timedelta(minutes=5)
    async with asyncio.timeout(5):
        while (await hasty.store.labs.all())[0].state is not LabState.CLOSING:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
    await learner.presses("🧹 닫기")
    await learner.sees("정리하는 중")
    hasty.labs.closing.set()
    await learner.sees("이미 정리된")
    await learner.sees("시간이 되어 실습 환경을 정리했어요. 사라진 컨테이너: 1개")
