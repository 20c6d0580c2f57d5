"""The life of a conversation's lab: opened on first use, parked when idle, warned, ended.

The states and what leads from one to the next are the table in `bot.learning.life`. What is due is decided by `due`
from a record and the time alone; `Keeper.tick` does it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from weakref import WeakValueDictionary

from bot.chat.ports import Lab, Labs
from bot.chat.reception import Endless, Reception
from bot.errors import DosirakError, EngineError, LabClosed, LabClosing, LabError, NoMoreTime, StoreError
from bot.identity import LabId, Scope
from bot.learning.capacity import Bounds
from bot.learning.life import Happening, State, after
from bot.sandbox.removal import ClosedLab
from bot.sandbox.summary import ContainerSummary
from bot.store import LabRecord, LabState, Store

log = logging.getLogger(__name__)

WARN_BEFORE = timedelta(minutes=5)
"""Long enough to read the message and tap Extend."""
EXTENSION = timedelta(minutes=30)
MOST_EXTENSIONS = 2
"""So that a lab that somebody forgot does not live on by the habit of tapping; the next command opens a new one."""
LATE = timedelta(minutes=1)
"""A warning that comes this late still holds; the ticks' own lateness is less."""
TICK_SECONDS = 15.0
"""How late a warning may come; the check is one query."""
_UP = (LabState.OPEN, LabState.OPENING)


class Due(StrEnum):
    """What a lab's age asks for."""

    PARK = "park"
    WARN = "warn"
    CLOSE = "close"


def due(record: LabRecord, now: datetime, *, idle: timedelta, in_use: bool, warned: bool) -> Due | None:
    """What is to be done with this lab; `in_use`: a command runs in it or a page of it is open."""
    if record.state is LabState.CLOSING or (now >= record.ends_at and warned):
        return Due.CLOSE
    if now >= record.ends_at - WARN_BEFORE and not warned:
        return Due.WARN
    # An opening that broke off, with the engine or the bot, must not hold its place for good either.
    is_idle = record.state in _UP and not in_use and now >= record.last_used_at + idle
    return Due.PARK if is_idle else None


class Listener(Protocol):
    """Who tells people about it."""

    def is_in_use(self, record: LabRecord) -> bool: ...
    async def warned(self, record: LabRecord) -> None: ...
    async def ending(self, record: LabRecord) -> None: ...
    async def ended(self, record: LabRecord, closed: ClosedLab) -> None: ...
    async def gave_way(self, record: LabRecord, closed: ClosedLab) -> None: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a lab may be idle, and live."""

    idle: timedelta
    lifetime: timedelta


class Keeper:
    """Which lab a conversation has, and for how long."""

    def __init__(
        self,
        labs: Labs,
        store: Store,
        terms: Terms,
        clock: Callable[[], datetime],
        reception: Reception | None = None,
    ) -> None:
        self.reception = reception or Reception(store, Bounds(), Endless(), clock)
        self._labs = labs
        self._store = store
        self._terms = terms
        self._clock = clock
        self.listener: Listener | None = None
        self._opened: dict[Scope, LabId] = {}
        self._sent_away: Counter[Scope] = Counter()
        """How often those who wait for a lab there were told that they do not get one."""
        self._warned: dict[LabId, datetime] = {}
        """The end of which a lab was warned; another end deserves another warning."""
        self._turns: WeakValueDictionary[Scope, asyncio.Lock] = WeakValueDictionary()

    def _turn(self, scope: Scope) -> asyncio.Lock:
        """Held while a lab changes with its record: a command that comes while its lab is closed gets the next one."""
        return self._turns.setdefault(scope, asyncio.Lock())

    async def open(self, scope: Scope, user_id: int = 0) -> Lab:
        """The scope's lab, made for this person if it has none.

        Raises TooManyLabs, LabsFull, EngineError and LabError: LabClosing while the one before it is not gone.
        """
        if self._is_open(scope):
            async with self._turn(scope):
                if self._is_open(scope):  # Still: it may have been parked or closed before this turn came.
                    return await self._open(scope, user_id)
        # Before the turn is taken: the reception may ask for another's, whose owner may be here too.
        before = self._sent_away[scope]
        async with self.reception.admitted(scope, user_id, self), self._turn(scope):
            if self._sent_away[scope] != before:
                raise LabClosed("what waited for a lab there is not wanted any more")
            return await self._open(scope, user_id)

    async def _open(self, scope: Scope, user_id: int) -> Lab:
        now = self._clock()
        fresh = LabId(secrets.token_hex(5))
        record = await self._ensured(scope, fresh, now, user_id)
        if record.state is LabState.CLOSING:  # A closing that broke off.
            await self._end(record)
            record = await self._ensured(scope, fresh, now, user_id)
        if user_id and record.state is LabState.PARKED and record.opened_by != user_id:
            await self._store.labs.opened_by(record.lab_id, user_id)
        try:
            lab = await self._labs.open(record.lab_id)
        except DosirakError:
            await self._forget_if_new(record, fresh)
            raise
        await self._move(record, Happening.OPENED)
        await self._store.labs.touch(record.lab_id, now)
        self._opened[scope] = record.lab_id
        return lab

    async def _ensured(self, scope: Scope, fresh: LabId, now: datetime, user_id: int) -> LabRecord:
        ends_at = now + self._terms.lifetime
        return await self._store.labs.ensure(scope, fresh, now=now, ends_at=ends_at, opened_by=user_id)

    async def used(self, scope: Scope) -> None:
        """A command has ended there: the lab is idle from now on, not from when the command began."""
        if (lab_id := self._opened.get(scope)) is None:
            return
        try:
            await self._store.labs.touch(lab_id, self._clock())
        except StoreError as error:
            log.warning("the end of a lab's use is not noted: %s", error)

    def _is_open(self, scope: Scope) -> bool:
        """Whether this process holds the scope's lab open: then nobody needs to look for room at each command."""
        lab_id = self._opened.get(scope)
        if lab_id is not None and self._labs.get(lab_id) is None:
            del self._opened[scope]
        return scope in self._opened

    async def _forget_if_new(self, record: LabRecord, fresh: LabId) -> None:
        """A lab that could not even be opened leaves nothing, so that the next attempt begins anew."""
        if record.lab_id != fresh:
            return
        with suppress(DosirakError):
            await self._labs.close(fresh)
            await self._move(record, Happening.FAILED)

    async def _move(self, record: LabRecord, happening: Happening) -> None:
        """Keep the state that comes of this; an absent lab has no record."""
        state = after(State(record.state), happening)
        if state is State.ABSENT:
            await self._store.labs.remove(record.lab_id)
        elif LabState(state) is not record.state:
            await self._store.labs.set_state(record.lab_id, LabState(state))

    async def existing(self, scope: Scope, user_id: int = 0) -> Lab | None:
        """The scope's lab, open again if it was parked; None when there is none. Raises what `open` raises."""
        return await self.open(scope, user_id) if await self._store.labs.of(scope) else None

    async def record(self, scope: Scope) -> LabRecord | None:
        return await self._store.labs.of(scope)

    def move(self, old_chat_id: int, new_chat_id: int) -> None:
        """A group has another id from now on; its record is moved by the store."""
        for scope in [scope for scope in self._opened if scope.chat_id == old_chat_id]:
            self._opened[Scope(new_chat_id, scope.topic_id)] = self._opened.pop(scope)
        self.reception.waiting.move(old_chat_id, new_chat_id)

    async def last(self, scope: Scope) -> LabRecord | None:
        """The lab that is there when nobody waits for one any more: who does so now gets LabClosed."""
        self._sent_away[scope] += 1
        async with self._turn(scope):
            return await self._store.labs.of(scope)

    async def scope_of(self, lab_id: LabId) -> Scope | None:
        """Whose lab this is."""
        record = await self._store.labs.get(lab_id)
        return record.scope if record else None

    async def containers(self, lab_id: LabId) -> tuple[ContainerSummary, ...]:
        """What the lab has of its learner, without opening it. Raises EngineError."""
        return await self._labs.containers(lab_id)

    async def extend(self, scope: Scope, update: int | None = None) -> LabRecord:
        """More time: the lab with its new end. Raises LabClosed when there is none, NoMoreTime after two times.

        `update` asked for it: a bot that was killed before that was noted as done meets it again, and adds nothing.
        """
        async with self._turn(scope):  # Nothing is promised of a lab whose end has begun.
            record = await self._store.labs.of(scope)
            if record is None or record.state is LabState.CLOSING:
                raise LabClosed("there is no lab")
            if update is not None and record.extended_for == update:
                return record
            if record.extensions >= MOST_EXTENSIONS:
                raise NoMoreTime(f"extended {record.extensions} times")
            ends_at = max(record.ends_at, self._clock()) + EXTENSION
            await self._store.labs.extend(record.lab_id, ends_at, update)
            return replace(record, ends_at=ends_at, extensions=record.extensions + 1, extended_for=update)

    async def end(self, record: LabRecord) -> ClosedLab | None:
        """Remove a lab and all that is in it; None when it is gone by now, and who has ended it knows what went.

        Raises LabClosing when something is left: each tick tries that again.
        """
        async with self._turn(record.scope):
            return await self._end(record) if await self._store.labs.get(record.lab_id) else None

    async def _end(self, record: LabRecord) -> ClosedLab:
        await self._move(record, Happening.ENDED)
        try:
            closed = await self._labs.close(record.lab_id)
        except (EngineError, LabError) as error:
            raise LabClosing(f"something of lab {record.lab_id} is left: {error}") from error
        await self._move(replace(record, state=LabState.CLOSING), Happening.GONE)
        self._warned.pop(record.lab_id, None)
        return closed

    async def tick(self, listener: Listener) -> None:
        """Do what is due with every lab; one that fails does not stop the others."""
        for known in await self._store.labs.all():
            # Closing those before it may have taken a while, in which it was extended or closed by its people.
            record = await self._store.labs.get(known.lab_id)
            if record is None or self._turn(record.scope).locked():
                continue
            try:
                await self._do(self._due(record, listener), record, listener)
            except DosirakError as error:
                log.warning("lab %s stays as it is for now: %s", record.lab_id, error)

    def _due(self, record: LabRecord, listener: Listener) -> Due | None:
        in_use = listener.is_in_use(record)
        warned = self._warned.get(record.lab_id) == record.ends_at
        return due(record, self._clock(), idle=self._terms.idle, in_use=in_use, warned=warned)

    async def _do(self, todo: Due | None, record: LabRecord, listener: Listener) -> None:
        if todo is Due.CLOSE:
            if (closing := await self._closing(record, listener)) is not None:
                await listener.ending(closing)
                if (closed := await self.end(closing)) is not None:
                    await listener.ended(closing, closed)
        elif todo is Due.WARN:
            record = await self._with_time_to_read(record)
            self._warned[record.lab_id] = record.ends_at
            await listener.warned(record)
        elif todo is Due.PARK:
            await self._park(record, Happening.IDLE)

    async def _closing(self, record: LabRecord, listener: Listener) -> LabRecord | None:
        """From here on it ends; None when somebody has put the end off a moment before."""
        async with self._turn(record.scope):
            now = await self._store.labs.get(record.lab_id)
            if now is None or self._due(now, listener) is not Due.CLOSE:
                return None
            await self._move(now, Happening.ENDED)
            return replace(now, state=LabState.CLOSING)

    async def _park(self, record: LabRecord, why: Happening) -> None:
        async with self._turn(record.scope):
            now = await self._store.labs.get(record.lab_id)
            if now is None or now.state not in _UP or now.last_used_at != record.last_used_at:
                return  # Before this turn came it was closed, parked or used.
            await self._labs.park(record.lab_id)
            await self._move(now, why)

    async def park_for_others(self, record: LabRecord) -> None:
        """A lab that nobody uses makes room; the next command opens it again when there is room."""
        await self._park(record, Happening.PRESSED)

    async def close_for_others(self, record: LabRecord) -> None:
        """A parked lab gives its disk back, and its people are told; not one that is used by now."""
        async with self._turn(record.scope):
            now = await self._store.labs.get(record.lab_id)
            if now is None or now.state is not LabState.PARKED:
                return
            await self._move(now, Happening.PRESSED)
        if self.listener is not None:
            await self.listener.ending(record)
        closed = await self.end(replace(record, state=LabState.CLOSING))
        if self.listener is not None and closed is not None:
            await self.listener.gave_way(record, closed)

    async def _with_time_to_read(self, record: LabRecord) -> LabRecord:
        """A bot that was away warns late: nobody's work goes without the minutes that the warning promises."""
        earliest = self._clock() + WARN_BEFORE - LATE
        if record.ends_at >= earliest:
            return record
        ends_at = self._clock() + WARN_BEFORE
        await self._store.labs.set_end(record.lab_id, ends_at)
        return replace(record, ends_at=ends_at)
