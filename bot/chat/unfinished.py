"""Keeps what a bot that is stopped owes people a word about: their waiting lines, their demo that plays."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.chat.inbox import at_work
from bot.chat.job import Person
from bot.errors import StoreError
from bot.identity import Scope
from bot.store import Kind, Store

log = logging.getLogger(__name__)


class Notebook:
    """A store that fails stops nobody."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, scope: Scope, kind: Kind, person: Person) -> int | None:
        """The number by which the others know it; None when it could not be noted."""
        receipt = at_work()
        update = receipt.number if receipt else None
        try:
            number = await self._store.unfinished.add(scope, kind, person.id, person.name, update=update)
        except StoreError as error:
            log.warning("what a restart would break off is not noted: %s", error)
            return None
        if receipt is not None:
            receipt.noted()
        return number

    async def posted(self, number: int | None, message_id: int) -> None:
        """This message speaks of it."""
        await self._note(self._store.unfinished.posted, number, message_id)

    async def over(self, number: int | None) -> None:
        await self._note(self._store.unfinished.over, number)

    @asynccontextmanager
    async def kept(self, scope: Scope, kind: Kind, person: Person) -> AsyncIterator[int | None]:
        """Noted as long as the block lasts; a block that the bot's stop ends is for the next start."""
        number = await self.begin(scope, kind, person)
        try:
            yield number
        except asyncio.CancelledError:
            raise
        except BaseException:
            await self.over(number)
            raise
        await self.over(number)

    async def _note(self, write: Callable[..., Awaitable[None]], number: int | None, *values: int) -> None:
        if number is None:
            return
        try:
            await write(number, *values)
        except StoreError as error:
            log.warning("what becomes of unfinished work is not noted: %s", error)
