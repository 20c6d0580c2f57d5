"""The watch over two tables that the kernel has once for all labs and the host: terminals, and inotify's queues.

A user namespace does not divide them, and no setting of a container bounds them, so what holds most is stopped when
too few are left. What a container's programs hold is counted from outside, and only then.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EngineError
from bot.identity import LabId
from bot.sandbox.cgroups import Cgroups
from bot.sandbox.engine import Engine
from bot.sandbox.events import Events, TableFull
from bot.sandbox.holdings import learners_name
from bot.sandbox.stopping import stop_at_once

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
REST_SECONDS = 30.0
"""For one table, after a look that found it short and nobody to blame: many labs that hold a little each."""
SPREAD = 2
"""A lab with this many times the least in all its containers together has spread what one of them may not have."""
SPARE = 32
"""Queues of inotify that must be free: `fs.inotify.max_user_instances` is 128 by default, for all of root's namespaces
and the host's own services together."""
PTY = Path("/proc/sys/kernel/pty")
MOST_LINKS = 20_000
"""Descriptors of a container that are looked at: nobody holds so many for good, and each look costs a microsecond."""


@dataclass(frozen=True, slots=True)
class Table:
    """One of the kernel's tables. `least`: who holds fewer is not the one who empties it."""

    name: str
    least: int
    short: Callable[[], bool]
    held: Callable[[str], bool]
    """Whether a link in /proc/PID/fd is an entry of it."""


def _few_terminals() -> bool:
    """Half of what containers may have at all: the kernel keeps the rest for the host."""
    most, kept, now = (int((PTY / name).read_text()) for name in ("max", "reserve", "nr"))
    return now > (most - kept) // 2


def _few_queues() -> bool:
    """There is no count of them to read: as many as must be free are taken for a moment."""
    libc = ctypes.CDLL(None)
    taken: list[int] = [libc.inotify_init1(os.O_CLOEXEC) for _ in range(SPARE)]
    for descriptor in taken:
        if descriptor >= 0:
            os.close(descriptor)
    return min(taken) < 0


TABLES = (
    Table("terminals", 64, _few_terminals, lambda link: link.endswith("/ptmx")),
    Table("inotify", 8, _few_queues, lambda link: link == "anon_inode:inotify"),
)


def holding(table: Table, processes: Iterable[int]) -> int:
    """How many entries of the table these processes have open. Blocks: use a thread."""
    count = looked = 0
    for process in processes:
        with suppress(OSError), os.scandir(f"/proc/{process}/fd") as links:
            for entry in links:
                looked += 1
                with suppress(OSError):
                    count += table.held(os.readlink(entry.path))  # noqa: PTH115 - a path for each would cost more
        if looked > MOST_LINKS:
            break
    return count


def offender(counts: Mapping[tuple[LabId, str], int], least: int) -> tuple[LabId, str] | None:
    """The lab and container that hold most, if that is much: of all containers, else of the lab that holds most."""
    most = max(counts, key=counts.__getitem__, default=None)
    if most is None or counts[most] >= least:
        return most
    labs: Counter[LabId] = Counter()
    for (lab, _), count in counts.items():
        labs[lab] += count
    ((lab, count),) = labs.most_common(1)
    if count < SPREAD * least:
        return None
    return max((one for one in counts if one[0] == lab), key=counts.__getitem__)


class TableWatchdog:
    """`run` never ends by itself. `open_labs` are those whose learners can do something now."""

    def __init__(
        self, engine: Engine, events: Events, cgroups: Cgroups, open_labs: Callable[[], Collection[LabId]]
    ) -> None:
        self._engine = engine
        self._events = events
        self._cgroups = cgroups
        self._open_labs = open_labs
        self._rest: dict[str, float] = {}
        """Until when a table is left alone."""

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Stop what holds most of a table that is short; what one table is about keeps no other from being seen."""
        for table in TABLES:
            if time.monotonic() < self._rest.get(table.name, 0.0):
                continue
            try:
                if not await asyncio.to_thread(table.short) or await self._relieve(table):
                    continue
                log.warning("few %s are left on this host, and no lab holds many of them", table.name)
            except (EngineError, OSError) as error:
                log.warning("the table of %s is not watched: %s", table.name, error)
            self._rest[table.name] = time.monotonic() + REST_SECONDS

    async def _relieve(self, table: Table) -> bool:
        """Whether there was somebody to blame."""
        found = offender(await asyncio.to_thread(self._counts, table), table.least)
        if found is None:
            return False
        lab, container = found
        log.warning("lab %s holds most %s of this host: %s is stopped", lab, table.name, container[:12])
        await stop_at_once(self._engine, self._cgroups, lab, container)
        await self._tell(lab, container)
        return True

    async def _tell(self, lab: LabId, container: str) -> None:
        """By the engine's list: about the container alone it says nothing while it holds its lock."""
        try:
            listed = await self._engine.call(lambda client: client.containers(all=True, filters={"id": [container]}))
        except EngineError as error:
            log.warning("lab %s is not told: %s", lab, error)
            return
        for details in listed:  # None, when it was removed meanwhile.
            name = learners_name(lab, details)
            self._events.tell(TableFull(lab, () if name is None else (name,)))

    def _counts(self, table: Table) -> dict[tuple[LabId, str], int]:
        return {
            (lab, container): holding(table, processes)
            for lab in self._open_labs()
            for container, processes in self._cgroups.processes(lab).items()
        }
