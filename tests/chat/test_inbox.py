"""What Telegram handed over is done once, also when a bot ends between taking it in and doing it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telegram import Update

from bot.chat.inbox import TRIES, Inbox, at_work, working_on
from bot.store import Store


def update(number: int) -> Update:
    return Update(number)


async def test_what_was_taken_in_and_not_done_is_there_at_the_next_start(tmp_path: Path) -> None:
    """What was done is not, and Telegram's handing it over again makes no difference to either."""
    async with Store.open(tmp_path) as store:
        inbox = Inbox(store.inbox, "bot")
        await inbox.take_in([{"update_id": 1}, {"update_id": 2}])
        receipt = inbox.claim(update(1))
        assert receipt is not None
        with working_on(receipt):
            pass
        await inbox.settled()
        later = Inbox(store.inbox, "bot")
        assert [left.number for left in await later.left()] == [2]
        await later.take_in([{"update_id": 1}, {"update_id": 2}, {"update_id": 3}])
        assert [later.claim(update(number)) is not None for number in (1, 2, 2, 3)] == [False, True, False, True]


async def test_an_update_is_at_work_as_long_as_what_it_started(tmp_path: Path) -> None:
    """A handler that leaves work in the background is not done; work that is cancelled is for the next start."""
    async with Store.open(tmp_path) as store:
        inbox = Inbox(store.inbox, "bot")
        await inbox.take_in([{"update_id": 1}])
        receipt = inbox.claim(update(1))
        assert receipt is not None
        with working_on(receipt):
            task = asyncio.get_running_loop().create_task(asyncio.Event().wait())
            assert at_work() is receipt
            receipt.until(task)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await inbox.settled()
        assert [left.number for left in await Inbox(store.inbox, "bot").left()] == [1]


async def test_an_update_that_ends_the_bot_each_time_is_given_up(tmp_path: Path) -> None:
    """After so many starts; one of another bot at once."""
    async with Store.open(tmp_path) as store:
        await Inbox(store.inbox, "bot").take_in([{"update_id": 1}])
        starts = [len(await Inbox(store.inbox, "bot").left()) for _ in range(TRIES + 1)]
        assert starts == [1] * TRIES + [0]
        await Inbox(store.inbox, "bot").take_in([{"update_id": 2}])
        assert await Inbox(store.inbox, "other").left() == ()
