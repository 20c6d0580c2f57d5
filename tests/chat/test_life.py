"""The end of a lab as people read of it: warned, put off, closed by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

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
