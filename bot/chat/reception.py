"""Lets conversations into the sandbox host as long as it has room, makes room, and calls those who wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Protocol

from bot.chat.cause import Cause
from bot.chat.job import Person
from bot.chat.waiting import CALL_KEEPS, Errand, Guest, WaitingRoom
from bot.errors import LabsFull, StoreError, TooManyLabs
from bot.identity import Scope
from bot.learning.capacity import Bounds, HostRoom, Resident, Short, shortage, to_reclaim, wait_for
from bot.learning.progress import Place
from bot.store import LabRecord, LabState, Queued, Store

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
        self.unattended: Callable[[Guest], object] = lambda guest: None
        """Told of a conversation that has got its lab by somebody's new wish, with what its other people still want."""
        self._store = store
        self._clock = clock
        self._door = asyncio.Lock()
        """Held while somebody is judged: each counts all who were let in before."""
        self._coming: list[tuple[Scope, int]] = []
        """Conversations that were let in, and for whom; their labs may not be open on record yet."""

    @asynccontextmanager
    async def admitted(self, scope: Scope, user_id: int, reclaims: Reclaims) -> AsyncIterator[None]:
        """Room for one lab, which is kept while it is opened inside.

        Raises TooManyLabs for who has enough, LabsFull for who must wait.
        """
        coming = (scope, user_id)
        async with self._door:
            await self._admit(scope, user_id, reclaims)
            self._coming.append(coming)
        try:
            yield
        finally:
            self._coming.remove(coming)

    async def _admit(self, scope: Scope, user_id: int, reclaims: Reclaims) -> None:
        records = await self._store.labs.all()
        own = next((record for record in records if record.scope == scope), None)
        if (own is not None and own.state in _HELD) or self._is_coming(scope):
            return
        self._check_person(scope, user_id or (own.opened_by if own else 0), records)
        await self._drop_late()
        called = self.waiting.is_called(scope, self._clock())
        if not called and (self.waiting.ahead_of(scope) or not await self._has_room(reclaims)):
            raise LabsFull("others wait, or there is no room")
        guest = await self.leave(scope)
        if guest is not None and (others := [one for one in guest.errands if one.cause.person.id != user_id]):
            self.unattended(Guest(scope, others))

    def _is_coming(self, scope: Scope) -> bool:
        return any(coming == scope for coming, _ in self._coming)

    def _check_person(self, scope: Scope, user_id: int, records: tuple[LabRecord, ...]) -> None:
        """A lab that comes back from its rest counts as one that is new."""
        held = {record.scope for record in records if record.state in _HELD and record.opened_by == user_id}
        others = (held | {coming for coming, person in self._coming if person == user_id}) - {scope}
        if user_id and len(others) >= self.bounds.labs_of_a_person:
            raise TooManyLabs(f"{len(others)} labs of one person are open")

    async def _has_room(self, reclaims: Reclaims) -> bool:
        """Whether one more lab fits, after one that nobody uses has made room for it if need be."""
        short = await self._short()
        if short is not None and await self._reclaim(short, reclaims):
            short = await self._short()
        return short is None

    async def _short(self) -> Short | None:
        records = await self._store.labs.all()
        held = {record.scope for record in records if record.state in _HELD} | {scope for scope, _ in self._coming}
        taken = len(held) + self.waiting.kept()
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
        return [self._resident(one) for one in records if one.state is not LabState.CLOSING]

    def _resident(self, one: LabRecord) -> Resident:
        in_use = self.in_use(one) or self._is_coming(one.scope)
        return Resident(one.lab_id, one.state is LabState.PARKED, in_use, one.last_used_at, one.ends_at)

    async def estimate(self, place: int) -> timedelta | None:
        """How long the guest at this place may have to wait."""
        return wait_for(place, self._residents(await self._store.labs.all()), self._clock())

    async def next_guest(self, reclaims: Reclaims) -> Guest | None:
        """Who is called now, if anybody waits and there is room."""
        async with self._door:
            await self._drop_late()
            if not len(self.waiting) or not await self._has_room(reclaims):
                return None
            guest = self.waiting.call(self._clock())
            if guest is not None:
                for errand in guest.errands:
                    await self._note(self._store.queue.put(_queued(guest, errand)))
            return guest

    # --- the queue, also after a restart -----------------------------------------------------------------------------

    async def load(self) -> None:
        """Those who waited in the last run, in their order; who was called then has the whole time to come again."""
        for one in await self._store.queue.all():
            place = Place(one.chapter, one.step) if one.chapter and one.step else None
            kept_until = self._clock() + CALL_KEEPS if one.kept_until else None
            errand = Errand(Cause(Person(one.user_id, one.user_name)), one.wish, one.text, place)
            self.waiting.join(one.scope, errand, kept_until)

    async def join(self, scope: Scope, errand: Errand) -> int | None:
        """The conversation's place in the queue, from 1; None when there are too many."""
        place = self.waiting.join(scope, errand)
        guest = self.waiting.find(scope)
        if place is not None and guest is not None:
            await self._note(self._store.queue.put(_queued(guest, errand)))
        return place

    async def take_back(self, scope: Scope, user_id: int) -> Errand | None:
        """One person there does not wait any more."""
        errand = self.waiting.take_back(scope, user_id)
        if errand is not None:
            await self._note(self._store.queue.remove(scope, user_id))
        return errand

    async def leave(self, scope: Scope) -> Guest | None:
        """It has its lab, or does not want one any more."""
        guest = self.waiting.leave(scope)
        if guest is not None:
            await self._note(self._store.queue.remove(scope))
        return guest

    async def _drop_late(self) -> None:
        for scope in self.waiting.too_late(self._clock()):
            await self._note(self._store.queue.remove(scope))

    async def _note(self, written: Awaitable[None]) -> None:
        """A store that fails keeps nobody from a place."""
        try:
            await written
        except StoreError as error:
            log.warning("the queue is not noted: %s", error)


def _queued(guest: Guest, errand: Errand) -> Queued:
    person, place = errand.cause.person, errand.place
    chapter, step = (place.chapter, place.step) if place else (None, None)
    return Queued(guest.scope, person.id, person.name, errand.wish, errand.text, chapter, step, guest.kept_until)
