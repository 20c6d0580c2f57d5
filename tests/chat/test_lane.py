"""A chat's lane: replies in order, waits as Telegram asks, repeats only what may be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError, TimedOut

from bot.chat import lane as lane_module
from bot.chat.lane import Lane
from bot.chat.transport import NotSent, TooFast, Unanswered
from bot.errors import ChatGone, Undelivered
from bot.terminal.budget import Allowance

PLENTY = Allowance(rate=1000, capacity=1000, reserve=0)


class Wire:
    """Answers each attempt with the next of its errors, and with `sent` after the last."""

    def __init__(self, errors: Iterable[TelegramError] = ()) -> None:
        self.errors = list(errors)
        self.attempts = 0

    async def __call__(self) -> str:
        self.attempts += 1
        if self.errors:
            raise self.errors.pop(0)
        return "sent"


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch) -> Lane:
    monkeypatch.setattr(lane_module, "PAUSES", (0.0,) * len(lane_module.PAUSES))
    return Lane(PLENTY)


@pytest.mark.parametrize("error", [NotSent("no way"), NetworkError("Bad Gateway")])
async def test_what_did_not_arrive_is_sent_again(lane: Lane, error: TelegramError) -> None:
    """As often as an outage of a minute needs."""
    wire = Wire([error] * 5)
    assert await lane.deliver(wire, repeatable=False) == "sent"
    assert wire.attempts == 6


@pytest.mark.parametrize("silence", [TimedOut(), Unanswered("broken off")])
async def test_what_may_have_arrived_is_not_sent_twice(lane: Lane, silence: TelegramError) -> None:
    """A lost answer to a message is not the same as a lost message; an edit may be repeated."""
    wire = Wire([silence])
    with pytest.raises(Undelivered):
        await lane.deliver(wire, repeatable=False)
    assert wire.attempts == 1
    assert await lane.deliver(Wire([silence]), repeatable=True) == "sent"


async def test_an_outage_without_end_is_given_up(lane: Lane) -> None:
    """Nothing hangs for ever."""
    with pytest.raises(Undelivered):
        await lane.deliver(Wire([NetworkError("away")] * 99), repeatable=True)


async def test_long_attempts_end_too(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never answers holds those who wait behind for a bounded time, however long each attempt is."""
    monkeypatch.setattr(lane_module, "LONGEST", 0.0)
    wire = Wire([TimedOut()] * 5)
    with pytest.raises(Undelivered):
        await lane.deliver(wire, repeatable=True)
    assert wire.attempts == 1


@pytest.mark.parametrize("error", [Forbidden("bot was blocked by the user"), ChatMigrated(-5)])
async def test_a_chat_that_is_gone_is_told_apart(lane: Lane, error: TelegramError) -> None:
    """Not to be tried again."""
    wire = Wire([error])
    with pytest.raises(ChatGone):
        await lane.deliver(wire, repeatable=True)
    assert wire.attempts == 1


async def test_a_bad_request_is_the_callers_affair(lane: Lane) -> None:
    """Sending it again would fail again."""
    with pytest.raises(BadRequest):
        await lane.deliver(Wire([BadRequest("message to edit not found")]), repeatable=True)


async def test_429_holds_the_whole_chat() -> None:
    """The message goes when Telegram said, and so does everything else for this chat."""
    lane, wire = Lane(PLENTY), Wire([TooFast(0.2)])
    began = asyncio.get_running_loop().time()
    delivery = asyncio.get_running_loop().create_task(lane.deliver(wire, repeatable=False))
    await asyncio.sleep(0.05)
    assert lane.ready_in(redraw=True) > 0.2
    assert await delivery == "sent"
    assert asyncio.get_running_loop().time() - began >= 0.2


async def test_replies_keep_their_order() -> None:
    """Who asked first is delivered first, although the budget lets only one through at a time."""
    lane, order = Lane(Allowance(rate=100, capacity=1, reserve=0)), []

    def noting(number: int) -> Callable[[], object]:
        async def send() -> None:
            order.append(number)

        return send

    async def reply(number: int) -> None:
        async with lane.reply():
            await lane.deliver(noting(number), repeatable=False)  # type: ignore[arg-type]  # a coroutine function

    await asyncio.gather(*(reply(number) for number in range(5)))
    assert order == [0, 1, 2, 3, 4]
