"""One chat's way to Telegram: its budget, its turn, and what its errors mean."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TimedOut

from bot.chat.transport import TooFast, Unanswered
from bot.errors import ChatGone, Undelivered
from bot.terminal.budget import Allowance, ChatBudget

log = logging.getLogger(__name__)

Result = TypeVar("Result")

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
"""Seconds between attempts while Telegram does not answer: two minutes in all, so a minute's outage loses nothing."""


LONGEST = 120.0
"""Seconds from the first attempt after which no other begins: a server that takes requests and never answers makes
each attempt long, and what waits behind has to come to its turn."""
OWN_KEPT = 64
"""Numbers of our last messages that are remembered: more than come while one answer is waited for."""

UNCLEAR = (TimedOut, Unanswered)
"""After these nobody knows whether the request was carried out."""


class Lane:
    """Everything for one chat goes through here, replies in the order in which they were asked for."""

    def __init__(self, allowance: Allowance) -> None:
        self._budget = ChatBudget(allowance)
        self._replies = asyncio.Lock()
        self.own: deque[int] = deque(maxlen=OWN_KEPT)
        """The numbers of the messages that were sent to this chat, as far as they were learnt."""

    @asynccontextmanager
    async def reply(self) -> AsyncIterator[None]:
        """The turn of a reply, held until it is delivered."""
        async with self._replies:
            yield

    async def deliver(self, attempt: Callable[[], Awaitable[Result]], *, repeatable: bool) -> Result:
        """Call until it succeeds, for `LONGEST` seconds.

        `repeatable`: a second time does no harm (edits), so it is tried again whatever happened. A send is tried again
        when it never left or when the server said that it failed; after silence it is not: a reply comes at most once.
        A live message's frames do not come this way: the end of a command is worth showing twice rather than never,
        so `Live` sends again, and takes back what the lost answer may have been about.
        Raises ChatGone, Undelivered, and BadRequest for what only the caller can judge.
        """
        latest = _now() + LONGEST
        for pause in (*PAUSES, None):
            await self._turn()
            try:
                return await self._obeying(attempt)
            except BadRequest:
                raise
            except NetworkError as error:
                if isinstance(error, UNCLEAR) and not repeatable:
                    raise Undelivered("no answer: it may have arrived") from error
                reason = error
            if pause is None or _now() > latest:
                raise Undelivered(str(reason))
            await asyncio.sleep(pause)
        raise AssertionError("the last pause is None")

    async def _obeying(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """One attempt, and again as often as Telegram asks to wait."""
        while True:
            try:
                return await attempt()
            except TooFast as error:
                self.hold(error.seconds)
                await self._turn()
            except Forbidden as error:
                raise ChatGone(error.message) from error
            except ChatMigrated as error:
                raise ChatGone(f"the group has become {error.new_chat_id}") from error

    def hold(self, seconds: float) -> None:
        """Nothing goes to this chat for as long as Telegram says."""
        log.warning("Telegram asks to wait %g s before more goes to a chat", seconds)
        self._budget.hold(_now(), seconds)

    def ready_in(self, *, redraw: bool) -> float:
        """Seconds until the budget allows a message."""
        return max(0.0, self._budget.ready_at(_now(), redraw=redraw) - _now())

    def take(self, *, redraw: bool) -> bool:
        """Count a message if the budget allows it now."""
        return self._budget.take(_now(), redraw=redraw)

    async def _turn(self) -> None:
        while not self.take(redraw=False):  # noqa: ASYNC110 - time, not an event, makes the budget ready
            await asyncio.sleep(self.ready_in(redraw=False))


def _now() -> float:
    return asyncio.get_running_loop().time()
