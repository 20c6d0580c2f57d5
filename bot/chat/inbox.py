"""Every update from Telegram is kept until it is done: a bot that is killed finds the rest at its next start.

Telegram forgets an update with the poll after the one that brought it, whatever became of it here. So it is in the
store before that poll, and in it as long as somebody works on it. It is done by the words that answer it, or by a
record that takes its place: a line that is typed into a shell has one before, so that no start types it again.

Telegram takes no key by which it would know a message that is sent again. So one window stays open: a bot that is
killed between a reply and the note that the update is done, some milliseconds, gives that reply again at its start.
What was asked for is done again then too, which changes nothing: a lab and a page know which update they were extended
for.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from telegram import Update

from bot.errors import StoreError
from bot.store.inbox import Inbox as Records
from bot.store.inbox import LeftUpdate
from bot.tasks import TaskShelf

log = logging.getLogger(__name__)

TRIES = 3
"""Starts at which an update is tried: one that ends the process each time must not end it for ever."""
PASSING = "inline_query"
"""Nobody waits for the answer to one any more when a bot has started again."""


class Receipt:
    """One update: whoever holds it is at work on it. When nobody does any more, it is done."""

    def __init__(self, inbox: Inbox | None, number: int) -> None:
        """Without an inbox it is kept nowhere."""
        self._inbox = inbox
        self.number = number
        self._holders = 0
        self._over = inbox is None

    def hold(self) -> None:
        self._holders += 1

    def release(self) -> None:
        self._holders -= 1
        if self._holders == 0 and not self._over and self._inbox is not None:
            self._over = True
            self._inbox.over(self.number)

    def noted(self) -> None:
        """A record has taken its place, in the same commit."""
        self._over = True

    async def spend(self) -> None:
        """It is done before what it asks for is: that must not happen twice."""
        if not self._over and self._inbox is not None:
            self._over = True
            await self._inbox.write([self.number])

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it, and let it go however the work ends; work that is cancelled is for the next start."""
        self.hold()
        try:
            yield
        except asyncio.CancelledError:
            raise
        except BaseException:
            self.release()
            raise
        self.release()

    def until(self, task: asyncio.Task[Any]) -> None:
        """Hold it for as long as this task runs, in the same way."""
        self.hold()
        task.add_done_callback(lambda ended: None if ended.cancelled() else self.release())


_current: ContextVar[Receipt | None] = ContextVar("receipt", default=None)


def at_work() -> Receipt | None:
    """The receipt of the update that this task, or the task that it comes from, was started for."""
    return _current.get()


@contextmanager
def working_on(receipt: Receipt) -> Iterator[None]:
    """What is done in here, and the tasks that are started here, are for this update."""
    before = _current.set(receipt)
    try:
        with receipt.held():
            yield
    finally:
        _current.reset(before)


class Inbox:
    """Between the poll that brings updates and those who handle them."""

    def __init__(self, records: Records, bot: str) -> None:
        """`bot` tells one bot's updates from another's; it is in the file, so it is not the token."""
        self._records = records
        self._bot = bot
        self._new: set[int] = set()
        """What nobody has claimed yet. What Telegram hands over again after that is no news."""
        self._done: list[int] = []
        self._tasks = TaskShelf()
        self._writer: asyncio.Task[None] | None = None

    async def left(self) -> tuple[LeftUpdate, ...]:
        """What the last run has not done; to be handled before anything else. Call once, at the start."""
        left = await self._records.left(self._bot)
        given_up = [one.number for one in left if one.starts > TRIES]
        if given_up:
            log.warning("%d updates were tried at %d starts and are given up", len(given_up), TRIES)
            await self.write(given_up)
        tried = tuple(one for one in left if one.starts <= TRIES)
        self._new.update(one.number for one in tried)
        return tried

    async def take_in(self, updates: Sequence[dict[str, Any]]) -> None:
        """Keep the answer to a poll, before the next poll tells Telegram that it may forget it."""
        bodies = {one["update_id"]: None if PASSING in one else json.dumps(one) for one in updates}
        try:
            self._new |= await self._records.take_in(self._bot, bodies)
        except StoreError as error:
            log.warning("updates are handled without being kept: %s", error)
            self._new |= bodies.keys()

    def claim(self, update: object) -> Receipt | None:
        """The right to handle this update; None when somebody has it, or had it."""
        number = update.update_id if isinstance(update, Update) else 0
        if number not in self._new:
            return None
        self._new.discard(number)
        return Receipt(self, number)

    def over(self, number: int) -> None:
        """An update is done; it is written down soon, with others."""
        self._done.append(number)
        if self._writer is None:
            self._writer = self._tasks.start(self._write_all(), name="done updates")

    async def _write_all(self) -> None:
        try:
            while self._done:
                numbers, self._done = self._done, []
                await self.write(numbers)
        finally:
            self._writer = None

    async def write(self, numbers: Sequence[int]) -> None:
        """They are done: the store need not keep them."""
        try:
            await self._records.done(numbers)
        except StoreError as error:
            log.warning("updates that were done are not noted: %s", error)

    async def settled(self) -> None:
        """Returns when all that is done is written down."""
        if self._writer is not None:
            await self._writer
