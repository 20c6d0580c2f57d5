"""Flood limits, with a clock that the test turns; faults on order."""

from __future__ import annotations

import asyncio

import pytest

from bot.localchat.limits import Flood, Limits
from bot.localchat.refusals import Refused as Refusal
from tests.chatclient import Member
from tests.e2e.house import within_limits
from tests.localchat.client import GROUP, LEARNER, Refused, Served
from tests.localchat.conftest import Clock, Serve

LIMITS = Limits(private_per_second=1.0, private_burst=3, group_per_minute=20)


def _spent(flood: Flood, chat_id: int, now: float) -> int:
    """How often the chat can be written to at this moment."""
    count = 0
    try:
        while True:
            flood.spend(chat_id, now)
            count += 1
    except Refusal:
        return count


def test_a_private_chat_takes_a_burst_and_then_one_a_second() -> None:
    """Waiting refills the burst, and no more than that."""
    flood = Flood(LIMITS)
    assert _spent(flood, LEARNER, 0.0) == LIMITS.private_burst
    assert _spent(flood, LEARNER, 1.0) == 1
    assert _spent(flood, LEARNER, 3600.0) == LIMITS.private_burst


def test_a_group_takes_twenty_in_any_minute() -> None:
    """The window slides; each chat has its own."""
    flood = Flood(LIMITS)
    for second in range(20):
        flood.spend(GROUP, float(second))
    with pytest.raises(Refusal) as caught:
        flood.spend(GROUP, 30.0)
    assert caught.value.retry_after == 30
    assert _spent(flood, GROUP - 1, 30.0) == 20
    assert _spent(flood, GROUP, 60.0) == 1


async def test_sends_and_edits_share_the_limit_and_say_how_long_to_wait(serve: Serve) -> None:
    """429 with retry_after; after that wait it goes on; an unchanged edit costs nothing."""
    clock = Clock()
    async with serve(limits=LIMITS, clock=clock) as chat, Member(chat.url) as learner:
        await learner.says("/start")
        sent = await chat.bot("sendMessage", chat_id=LEARNER, text="0")
        where = {"chat_id": LEARNER, "message_id": sent["message_id"]}
        with pytest.raises(Refused, match="not modified"):
            await chat.bot("editMessageText", **where, text="0")
        for frame in range(1, LIMITS.private_burst):
            await chat.bot("editMessageText", **where, text=str(frame))
        with pytest.raises(Refused, match=r"^Too Many Requests: retry after 1$") as caught:
            await chat.bot("editMessageText", **where, text="last")
        assert caught.value.status == 429 and caught.value.retry_after == 1
        assert await chat.bot("sendChatAction", chat_id=LEARNER, action="typing") is True
        clock.now += caught.value.retry_after
        await chat.bot("editMessageText", **where, text="last")
        await learner.sees("last")


async def _order(chat: Served, **fault: object) -> None:
    async with Member(chat.url) as learner:
        await learner.says("/start")
        await learner.call("fault", **fault)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "Unauthorized"),
        (403, "Forbidden: bot was blocked by the user"),
        (429, "Too Many Requests: retry after 7"),
        (500, "Internal Server Error"),
    ],
)
async def test_a_fault_on_order_meets_the_next_calls_only(chat: Served, status: int, words: str) -> None:
    """As many as ordered, of the method that was named."""
    await _order(chat, method="sendMessage", status=status, times=2, retry_after=7)
    for _ in range(2):
        with pytest.raises(Refused, match=words) as caught:
            await chat.bot("sendMessage", chat_id=LEARNER, text="a")
        assert caught.value.status == status
    await chat.bot("sendMessage", chat_id=LEARNER, text="b")


async def test_a_call_may_be_carried_out_although_it_failed(chat: Served) -> None:
    """What a bot meets when an answer is lost on the way."""
    await _order(chat, method="sendMessage", status=500, applied=True)
    with pytest.raises(Refused):
        await chat.bot("sendMessage", chat_id=LEARNER, text="doch da")
    async with Member(chat.url) as learner:
        assert learner.shows("doch da")


async def test_a_call_may_hang_and_the_server_closes_all_the_same(serve: Serve) -> None:
    """No answer until the client gives up or the server goes."""
    async with serve() as chat:
        await _order(chat, method="getMe")
        call = asyncio.get_running_loop().create_task(chat.bot("getMe"))
        done, _ = await asyncio.wait({call}, timeout=0.2)
        assert not done
    with pytest.raises(Refused):
        await call


def test_refusals_are_counted_and_fail_an_end_to_end_test() -> None:
    """What the whole bot's tests look at in the end: also a refusal that the bot has made good by waiting."""
    flood = Flood(LIMITS)
    with within_limits():
        flood.spend(LEARNER, 0.0)
    assert flood.refused == 0
    with pytest.raises(AssertionError), within_limits():
        _spent(flood, LEARNER, 0.0)
    assert flood.refused == 1
