"""In which order updates are handled: one after the other in each conversation, many conversations at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

from bot.chat.callbacks import is_urgent
from bot.chat.inbox import Receipt, working_on
from bot.chat.wire import scope_of_update
from bot.identity import Scope

log = logging.getLogger(__name__)

MAX_IN_FLIGHT = 256
"""Updates being handled or waiting for their turn: far more than Telegram sends a bot in the time that one takes."""
MAX_WAITING = 40
"""Updates of one conversation that wait for their turn; a flood from one chat must not use up the places of all."""


class _Line:
    """The turn of one conversation, and how many hold or await it."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.people = 0


def _unkept(update: object) -> Receipt | None:
    """Where nothing outlives the process."""
    return Receipt(None, 0)


class ScopeOrder(BaseUpdateProcessor):
    """First in, first out for each scope; a Stop button never queues behind what it is to stop."""

    def __init__(
        self,
        claim: Callable[[object], Receipt | None] = _unkept,
        *,
        max_in_flight: int = MAX_IN_FLIGHT,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        """`claim` gives an update's receipt, None for one that came before."""
        super().__init__(max_in_flight)
        self._claim = claim
        self._max_waiting = max_waiting
        self._closed = False
        self._lines: dict[Scope, _Line] = {}

    @property
    def scopes_in_work(self) -> int:
        """How many conversations have an update in hand: 0 when idle, as nothing is kept for quiet ones."""
        return len(self._lines)

    def close(self) -> None:
        """Begin nothing any more: what has not begun is for the next start."""
        self._closed = True

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        receipt = self._claim(update)
        if receipt is None:
            return _close(coroutine)
        scope = scope_of_update(update)
        if scope is None or _jumps_the_queue(update):
            return await self._handle(receipt, coroutine)
        line = self._lines.setdefault(scope, _Line())
        if line.people > self._max_waiting:
            log.warning("more than %d updates of one chat wait: one is dropped", self._max_waiting)
            with receipt.held():
                return _close(coroutine)
        line.people += 1
        try:
            async with line.turn:
                await self._handle(receipt, coroutine)
        finally:
            line.people -= 1
            if not line.people:
                del self._lines[scope]

    async def _handle(self, receipt: Receipt, coroutine: Awaitable[Any]) -> None:
        if self._closed:
            return _close(coroutine)
        with working_on(receipt):
            await coroutine

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to release."""


def _jumps_the_queue(update: object) -> bool:
    query = update.callback_query if isinstance(update, Update) else None
    return query is not None and is_urgent(query.data)


def _close(coroutine: Awaitable[Any]) -> None:
    """A coroutine that nobody awaits must be closed, or Python warns about it."""
    close = getattr(coroutine, "close", None)
    if close is not None and isawaitable(coroutine):
        close()
