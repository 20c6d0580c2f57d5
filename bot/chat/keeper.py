"""The life of a conversation's lab: opened on first use, parked when idle, warned, ended.

    absent --open--> open --idle--> parked --open--> open
                      |               |
                      +-end of life---+--> absent

What is due is decided by `due` from a record and the time alone; `Keeper.tick` does it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.chat.ports import Lab, Labs
from bot.errors import DosirakError, LabClosed
from bot.identity import LabId, Scope
from bot.sandbox.removal import ClosedLab
from bot.store import LabRecord, LabState, Store

log = logging.getLogger(__name__)

WARN_BEFORE = timedelta(minutes=5)
"""Long enough to read the message and tap Extend."""
EXTENSION = timedelta(minutes=30)
TICK_SECONDS = 15.0
"""How late a warning may come; the check is one query."""


class Due(StrEnum):
    """What a lab's age asks for."""

    PARK = "park"
    WARN = "warn"
    CLOSE = "close"


def due(record: LabRecord, now: datetime, *, idle: timedelta, in_use: bool, warned: bool) -> Due | None:
    """What is to be done with this lab; `in_use`: a command runs in it or a page of it is open."""
    if now >= record.ends_at:
        return Due.CLOSE
    if now >= record.ends_at - WARN_BEFORE and not warned:
        return Due.WARN
    is_idle = record.state is LabState.OPEN and not in_use and now >= record.last_used_at + idle
    return Due.PARK if is_idle else None


class Listener(Protocol):
    """Who tells people about it."""

    def is_in_use(self, record: LabRecord) -> bool: ...
    async def warned(self, record: LabRecord) -> None: ...
    async def ending(self, record: LabRecord) -> None: ...
    async def ended(self, record: LabRecord, closed: ClosedLab) -> None: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a lab may be idle, and live."""

    idle: timedelta
    lifetime: timedelta


class Keeper:
    """Which lab a conversation has, and for how long."""

    def __init__(self, labs: Labs, store: Store, terms: Terms, clock: Callable[[], datetime]) -> None:
        self._labs = labs
        self._store = store
        self._terms = terms
        self._clock = clock
        self._warned: dict[LabId, datetime] = {}
        """The end of which a lab was warned; another end deserves another warning."""

    async def open(self, scope: Scope) -> Lab:
        """The scope's lab, made if it has none. Raises LabsFull, LabError, EngineError."""
        now = self._clock()
        fresh = LabId(secrets.token_hex(5))
        record = await self._store.labs.ensure(scope, fresh, now=now, ends_at=now + self._terms.lifetime)
        try:
            lab = await self._labs.open(record.lab_id)
        except DosirakError:
            await self._forget_if_new(record, fresh)
            raise
        if record.state is not LabState.OPEN:
            await self._store.labs.set_state(record.lab_id, LabState.OPEN)
        await self._store.labs.touch(record.lab_id, now)
        return lab

    async def _forget_if_new(self, record: LabRecord, fresh: LabId) -> None:
        """A lab that could not even be opened leaves nothing, so that the next attempt begins anew."""
        if record.lab_id != fresh:
            return
        with suppress(DosirakError):
            await self._labs.close(fresh)
            await self._store.labs.remove(fresh)

    async def existing(self, scope: Scope) -> Lab | None:
        """The scope's lab, open again if it was parked; None when there is none. Raises what `open` raises."""
        return await self.open(scope) if await self._store.labs.of(scope) else None

    async def record(self, scope: Scope) -> LabRecord | None:
        return await self._store.labs.of(scope)

    async def scope_of(self, lab_id: LabId) -> Scope | None:
        """Whose lab this is."""
        record = await self._store.labs.get(lab_id)
        return record.scope if record else None

    async def extend(self, scope: Scope) -> datetime:
        """More time; gives the new end. Raises LabClosed when there is no lab."""
        record = await self._store.labs.of(scope)
        if record is None:
            raise LabClosed("there is no lab")
        ends_at = max(record.ends_at, self._clock()) + EXTENSION
        await self._store.labs.set_end(record.lab_id, ends_at)
        return ends_at

    async def end(self, record: LabRecord) -> ClosedLab:
        """Remove a lab and all that is in it."""
        await self._store.labs.set_state(record.lab_id, LabState.CLOSING)
        closed = await self._labs.close(record.lab_id)
        await self._store.labs.remove(record.lab_id)
        self._warned.pop(record.lab_id, None)
        return closed

    async def tick(self, listener: Listener) -> None:
        """Do what is due with every lab; one that fails does not stop the others."""
        now = self._clock()
        for record in await self._store.labs.all():
            todo = due(
                record,
                now,
                idle=self._terms.idle,
                in_use=listener.is_in_use(record),
                warned=self._warned.get(record.lab_id) == record.ends_at,
            )
            try:
                await self._do(todo, record, listener)
            except DosirakError as error:
                log.warning("lab %s stays as it is for now: %s", record.lab_id, error)

    async def _do(self, todo: Due | None, record: LabRecord, listener: Listener) -> None:
        if todo is Due.CLOSE:
            await listener.ending(record)
            await listener.ended(record, await self.end(record))
        elif todo is Due.WARN:
            self._warned[record.lab_id] = record.ends_at
            await listener.warned(record)
        elif todo is Due.PARK:
            await self._labs.park(record.lab_id)
            await self._store.labs.set_state(record.lab_id, LabState.PARKED)
