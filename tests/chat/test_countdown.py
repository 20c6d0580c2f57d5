"""The end of a page comes near: its message says so, seldom enough, and says how often it was looked at."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.countdown import MARKS, Countdown
from bot.identity import LabId
from bot.localchat.faults import Fault
from bot.pages.page import Page
from bot.sandbox.events import ContainerStarted, ContainerStopped
from bot.sandbox.summary import PublishedPort
from tests.chat.bash_lab import container
from tests.chat.conftest import House
from tests.chatclient import Member

NOW = datetime(2026, 1, 1, tzinfo=UTC)
END = NOW + timedelta(minutes=30)
PAGE = Page("p" + "a" * 26, LabId("0123456789"), "c1", "web", 8088, 80, NOW, END)
WEB = container("quirky_hugle", number=4, ports=(PublishedPort(8088, 80, "tcp"),))


def test_a_page_is_told_once_for_each_mark_on_the_way_to_its_end() -> None:
    """However often the clock is looked at; nothing before the first mark and nothing after the end."""
    countdown = Countdown()
    looks = [NOW + timedelta(seconds=15 * number) for number in range(130)]
    told = [END - now for now in looks if countdown.due([PAGE], now)]
    assert told == sorted(MARKS, reverse=True)


def test_a_page_that_was_extended_is_counted_down_again() -> None:
    """Its new end has its own marks; another page's marks are its own too."""
    countdown = Countdown()
    assert countdown.due([PAGE], END - MARKS[0]) == (PAGE,)
    longer = dataclasses.replace(PAGE, ends_at=END + timedelta(minutes=30))
    assert countdown.due([longer], END) == ()
    other = dataclasses.replace(PAGE, token="other")
    assert countdown.due([longer, other], other.ends_at - MARKS[-1]) == (other,)
    assert countdown.due([longer, other], longer.ends_at - MARKS[-1]) == (longer,)


@pytest.fixture
async def hasty(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A bot that looks at the clock all the time."""
    monkeypatch.setattr("bot.chat.warden.TICK_SECONDS", 0.05)
    await house.restart()
    return house


async def test_the_message_of_a_page_counts_down_to_its_end(hasty: House, learner: Member) -> None:
    """In its own message, without a new one; a stopped container's goes on to say that it is stopped."""
    await learner.says("true")
    await learner.sees("✓")
    lab = hasty.labs.only
    hasty.events.tell(ContainerStarted(lab.id, WEB))
    page = await learner.sees("30분 뒤 닫힙니다")
    for gone, left in ((20, "10분 뒤"), (5, "5분 뒤"), (4, "1분 뒤")):
        hasty.now += timedelta(minutes=gone)
        assert (await learner.sees(left)).id == page.id
    hasty.events.tell(ContainerStopped(lab.id, WEB.id))
    await learner.sees("컨테이너가 멈춰 있어요")
    await learner.sees_toast(await learner.presses("⏱ 연장", on=page))
    hasty.now += timedelta(minutes=30)
    await learner.says("/pages")
    assert "컨테이너가 멈춰 있어요" in (await learner.sees("열린 웹 페이지 1")).text
    hasty.now += timedelta(minutes=1)
    assert (await learner.sees("웹 페이지가 닫혔어요")).id == page.id


async def test_a_chat_that_must_wait_keeps_no_other_from_the_end_of_its_page(hasty: House, learner: Member) -> None:
    """Two pages end at once, and Telegram asks to wait in one of the chats."""
    over = "웹 페이지가 닫혔어요"
    async with Member(hasty.url, 1002) as other:
        for person in (learner, other):
            await person.says("true")
            await person.sees("✓")
        for record in await hasty.store.labs.all():
            hasty.events.tell(ContainerStarted(record.lab_id, dataclasses.replace(WEB, id=record.lab_id)))
        for person in (learner, other):
            await person.sees("30분 뒤 닫힙니다")
        hasty.local.faults.order(Fault("editMessageText", 429, retry_after=4))
        hasty.now += timedelta(minutes=30)
        async with asyncio.timeout(3):
            while not (learner.shows(over) or other.shows(over)):  # noqa: ASYNC110 - whose edit comes first is open
                await asyncio.sleep(0.05)
        assert not (learner.shows(over) and other.shows(over))
        for person in (learner, other):
            await person.sees(over)
