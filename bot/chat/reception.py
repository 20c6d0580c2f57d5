"""Lets conversations into the sandbox host as long as it has room, makes room, and calls those who wait."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from bot.chat.waiting import Guest, WaitingRoom
from bot.errors import LabsFull, TooManyLabs
from bot.identity import Scope
from bot.learning.capacity import Bounds, HostRoom, Resident, Short, shortage, to_reclaim, wait_for
from bot.store import LabRecord, LabState, Store

log = logging.getLogger(__name__)

_HELD = (LabState.OPEN, LabState.OPENING)


class Meter(Protocol):
    """Who knows what is free on the host."""

    async def free(self) -> HostRoom: ...


class Endless:
    """A host without any shortage, where nobody measures."""

    async def free(self) -> HostRoom:
        return HostRoom(1 << 60, 1 << 60)


class Reclaims(Protocol):
    """Who parks and closes labs."""

    async def park_for_others(self, record: LabRecord) -> None: ...
    async def close_for_others(self, record: LabRecord) -> None: ...


class Reception:
    """Asked before a lab is opened that is not open."""

    def __init__(self, store: Store, bounds: Bounds, meter: Meter, clock: Callable[[], datetime]) -> None:
        self.bounds = bounds
        self.meter = meter
        self.waiting = WaitingRoom()
        self.in_use: Callable[[LabRecord], bool] = lambda record: False
        self._store = store
        self._clock = clock

    async def admit(self, scope: Scope, user_id: int, reclaims: Reclaims) -> None:
        """Returns when there is room. Raises TooManyLabs for who has enough, LabsFull for who must wait."""
        records = await self._store.labs.all()
        own = next((record for record in records if record.scope == scope), None)
        if own is not None and own.state in _HELD:
            return
        others = [record for record in records if record.state in _HELD and record.opened_by == user_id]
        if user_id and own is None and len(others) >= self.bounds.labs_of_a_person:
            raise TooManyLabs(f"{len(others)} labs of one person are open")
        now = self._clock()
        called = self.waiting.is_called(scope, now)
        if not called and (self.waiting.ahead_of(scope) or not await self._has_room(reclaims)):
            raise LabsFull("others wait, or there is no room")
        self.waiting.leave(scope)

    async def _has_room(self, reclaims: Reclaims) -> bool:
        """Whether one more lab fits, after one that nobody uses has made room for it if need be."""
        short = await self._short()
        if short is not None and await self._reclaim(short, reclaims):
            short = await self._short()
        return short is None

    async def _short(self) -> Short | None:
        records = await self._store.labs.all()
        taken = sum(record.state in _HELD for record in records) + self.waiting.kept(self._clock())
        return shortage(self.bounds, taken, await self.meter.free())

    async def _reclaim(self, short: Short, reclaims: Reclaims) -> bool:
        records = {record.lab_id: record for record in await self._store.labs.all()}
        chosen = to_reclaim(short, self._residents(tuple(records.values())), self._clock())
        if chosen is None:
            return False
        record = records[chosen.lab_id]
        log.info("lab %s makes room: the host is short of %s", record.lab_id, short)
        await (reclaims.close_for_others(record) if chosen.parked else reclaims.park_for_others(record))
        return True

    def _residents(self, records: tuple[LabRecord, ...]) -> list[Resident]:
        return [
            Resident(one.lab_id, one.state is LabState.PARKED, self.in_use(one), one.last_used_at, one.ends_at)
            for one in records
            if one.state is not LabState.CLOSING
        ]

    async def estimate(self, place: int) -> timedelta | None:
        """How long the guest at this place may have to wait."""
        return wait_for(place, self._residents(await self._store.labs.all()), self._clock())

    async def next_guest(self, reclaims: Reclaims) -> Guest | None:
        """Who is called now, if anybody waits and there is room."""
        self.waiting.kept(self._clock())
        if not len(self.waiting) or not await self._has_room(reclaims):
            return None
        return self.waiting.call(self._clock())
