"""The disk watchdog: stops what fills the disk, and tells.

An overlay layer has no quota, so the labs are measured: the filesystem's own counts twice a second, and the labs'
folders only when those have changed. What grew most is stopped (and, when it goes on after that, removed) before its
lab takes much more than its limit; when the host itself runs out of room, whatever grows is stopped.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass

from bot.errors import DosirakError, EngineConflict, EngineNotFound, EngineTimeout
from bot.identity import LabId
from bot.sandbox.allowance import Blame, Mark, Parts, grows, too_much
from bot.sandbox.cgroups import Cgroups
from bot.sandbox.engine import Engine
from bot.sandbox.events import DiskLimitReached, Events
from bot.sandbox.holdings import Container, Holdings, Inventory
from bot.sandbox.measure import MOST_HELD, Room, held_open, room, sizes
from bot.sandbox.names import virtual_name
from bot.sandbox.stopping import STOP_SECONDS, stop_at_once

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""Between two looks at the filesystem's counts; a fast disk takes half a gigabyte in that time."""

REST, LONGEST_REST = 5, 2.0
"""After a measurement: this many times as long as it took, so that it costs a fraction of one processor; but not longer
than these seconds, since it is slow just when somebody fills the disk."""

CHANGED_BYTES, CHANGED_FILES = 2**20, 256
"""Growth of the filesystem (or, when a learner tidies up, what it loses) that makes the labs worth measuring: less is
the ordinary noise of a host."""

JUDGE_SECONDS = 10.0
"""For one lab: the others grow meanwhile."""

WALK_AT_LEAST_EVERY = 10.0
"""Seconds: what a lab takes can be hidden by what somebody else gives back."""


@dataclass(frozen=True, slots=True)
class DiskLimits:
    """Bytes: of one lab, and what must stay free on the engine's disk."""

    lab: int
    reserve: int


class DiskWatchdog:
    """`run` never ends by itself. `open_labs` are those whose learners can do something now."""

    def __init__(
        self,
        engine: Engine,
        events: Events,
        cgroups: Cgroups,
        limits: DiskLimits,
        open_labs: Callable[[], Collection[LabId]],
    ) -> None:
        self._engine = engine
        self._events = events
        self._cgroups = cgroups
        self._limits = limits
        self._open_labs = open_labs
        self._inventory = Inventory(engine)
        self._before: dict[LabId, Parts] = {}
        self._roomy: dict[LabId, Parts] = {}
        """As it was when the host last had room enough."""
        self._marks: dict[LabId, Mark] = {}
        self._walked: Room | None = None
        self._walked_at = 0.0
        self._blind = False

    async def run(self) -> None:
        took = 0.0
        while True:
            await asyncio.sleep(max(LOOK_SECONDS, min(LONGEST_REST, REST * took)))
            started = time.monotonic()
            try:
                await self.look()
                self._blind = False
            except (DosirakError, OSError) as error:
                log.log(logging.DEBUG if self._blind else logging.WARNING, "the disk is not watched: %s", error)
                self._blind = True
            took = time.monotonic() - started

    async def look(self) -> None:
        """Measure the labs if the disk has changed since they were last measured, and act on each."""
        now = await asyncio.to_thread(room, await self._inventory.root())
        open_labs = set(self._open_labs())
        # A lab just opened is measured at once, so that what it takes from then on is known to be its own.
        if open_labs <= self._before.keys() and not self._due(now):
            return
        self._walked, self._walked_at = now, time.monotonic()
        labs = await self._inventory.labs(open_labs)
        used = await self._measured(labs)
        self._forget(labs.keys())
        short = now.free < self._limits.reserve
        for lab, parts in used.items():
            try:
                async with asyncio.timeout(JUDGE_SECONDS):
                    await self._judge(lab, labs[lab], parts, short)
            except (DosirakError, TimeoutError) as error:
                # The next look finds it over its limit again.
                log.warning("lab %s is not stopped: %s", lab, error or "the engine takes too long")

    def _forget(self, labs: Set[LabId]) -> None:
        for kept in (self._before, self._roomy):
            for gone in kept.keys() - labs:
                del kept[gone]

    def _due(self, now: Room) -> bool:
        last = self._walked
        if last is None or time.monotonic() - self._walked_at >= WALK_AT_LEAST_EVERY:
            return True
        return abs(now.used - last.used) > CHANGED_BYTES or abs(now.files - last.files) > CHANGED_FILES

    async def _measured(self, labs: Mapping[LabId, Holdings]) -> dict[LabId, dict[str, int]]:
        """Bytes of each part of each lab, files included that only a running process still holds."""
        folders = {lab: holdings.folders() for lab, holdings in labs.items()}
        walked = await sizes([folder for parts in folders.values() for several in parts.values() for folder in several])
        used = {
            lab: {part: sum(walked[one] for one in several) for part, several in parts.items()}
            for lab, parts in folders.items()
        }
        for lab, parts in used.items():
            for container, held in (await asyncio.to_thread(self._held, lab)).items():
                if container in parts:
                    parts[container] += held
        return used

    def _held(self, lab: LabId) -> dict[str, int]:
        """Bytes by container. In a lab with more open than can be looked at, the container with most of it is taken to
        hide something: it counts as if it held all that the lab may."""
        held = {}
        rest = MOST_HELD
        for container, processes in self._cgroups.processes(lab).items():
            held[container] = held_open(processes, rest)
            rest -= held[container].looked_at
            if rest <= 0:
                most = max(held, key=lambda one: held[one].looked_at)
                log.warning("lab %s has more files open than can be looked at, most of them in %s", lab, most[:12])
                return {one: found.bytes + (self._limits.lab + 1) * (one == most) for one, found in held.items()}
        return {container: found.bytes for container, found in held.items()}

    async def _judge(self, lab: LabId, holdings: Holdings, parts: Parts, short: bool) -> None:
        self._mark(lab, sum(parts.values()))
        if not short:
            self._roomy[lab] = parts
        blame = too_much(parts, self._before.get(lab, {}), limit=self._limits.lab, mark=self._marks.get(lab))
        if blame is None and short:
            # A lab seen for the first time is taken as it is.
            blame = grows(parts, self._roomy.setdefault(lab, parts))
        self._before[lab] = parts
        if blame is not None:
            await self._act(lab, holdings, blame)

    def _mark(self, lab: LabId, used: int) -> None:
        if used <= self._limits.lab:
            self._marks.pop(lab, None)
        elif lab not in self._before:
            # It was stopped before it was parked, or before the bot's last end: taken as it is.
            self._marks.setdefault(lab, Mark(used, stopped=False))

    async def _act(self, lab: LabId, holdings: Holdings, blame: Blame) -> None:
        users = holdings.users(blame.part)
        if blame.remove:
            await self._remove(users, blame.part if blame.part in holdings.volumes else None)
        else:
            # Something that no running container writes to is filled from the toolbox, by `docker cp`.
            users = await self._running(users) or holdings.toolbox()
            await asyncio.gather(*(stop_at_once(self._engine, self._cgroups, lab, container.id) for container in users))
        await self._remember(lab, holdings)
        over = blame.used > self._limits.lab
        event = DiskLimitReached(
            lab, _names(lab, users, blame), blame.used, self._limits.lab, blame.remove, host_full=not over
        )
        log.warning("lab %s uses %d MiB of disk: %s", lab, blame.used >> 20, event)
        self._events.tell(event)

    async def _remember(self, lab: LabId, holdings: Holdings) -> None:
        """What the lab holds now that nothing fills it any more: the mark that it must not pass again."""
        parts = (await self._measured({lab: holdings}))[lab]
        self._before[lab] = self._roomy[lab] = parts
        if (used := sum(parts.values())) > self._limits.lab:
            self._marks[lab] = Mark(used, stopped=True)

    async def _running(self, containers: Iterable[Container]) -> list[Container]:
        """Asked now: one that was only created when the measuring began may have filled the disk since."""
        return [container for container in containers if await self._runs(container.id)]

    async def _runs(self, container_id: str) -> bool:
        try:
            state = (await self._engine.inspect(container_id, STOP_SECONDS))["State"]
        except EngineNotFound:
            return False
        except EngineTimeout:
            return True  # The engine cannot say; that it does not let go of it is no reason to let it grow.
        # What is paused writes nothing, and would not stop.
        return bool(state["Running"] and not state["Paused"])

    async def _remove(self, users: Iterable[Container], volume: str | None) -> None:
        await asyncio.gather(*(self._engine.remove(container.id) for container in users))
        if volume is not None:
            try:
                await self._engine.call(lambda client: client.remove_volume(volume))
            except (EngineNotFound, EngineConflict) as error:
                log.info("not removed: %s", error)


def _names(lab: LabId, users: Collection[Container], blame: Blame) -> tuple[str, ...]:
    if not users:  # A volume that nothing mounts.
        return (virtual_name(lab, blame.part),)
    return tuple(sorted(container.name for container in users if container.name is not None))
