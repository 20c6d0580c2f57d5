"""The watch over two tables that the kernel has once for all labs and the host: terminals, and inotify's queues.

A user namespace does not divide them, and no setting of a container bounds them, so what holds most is stopped when
too few are left. What a container's programs hold is counted from outside, and only then.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.errors import DosirakError, EngineNotFound
from bot.guard.owner import LEARNER
from bot.identity import LabId
from bot.sandbox.cgroups import Cgroups
from bot.sandbox.engine import Engine
from bot.sandbox.events import Events, TableFull
from bot.sandbox.names import belongs, virtual_name
from bot.sandbox.stopping import stop_at_once

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
REST_SECONDS = 30.0
"""After a look that found a table short and nobody to blame: many labs that hold a little each."""
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
    """The lab and container that hold most, if that is much."""
    most = max(counts, key=counts.__getitem__, default=None)
    return most if most is not None and counts[most] >= least else None


class TableWatchdog:
    """`run` never ends by itself. `open_labs` are those whose learners can do something now."""

    def __init__(
        self, engine: Engine, events: Events, cgroups: Cgroups, open_labs: Callable[[], Collection[LabId]]
    ) -> None:
        self._engine = engine
        self._events = events
        self._cgroups = cgroups
        self._open_labs = open_labs

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except (DosirakError, OSError) as error:
                log.warning("the kernel's tables are not watched: %s", error)
                await asyncio.sleep(REST_SECONDS)

    async def look(self) -> None:
        """Stop what holds most of a table that is short."""
        for table in TABLES:
            if await asyncio.to_thread(table.short):
                await self._relieve(table)

    async def _relieve(self, table: Table) -> None:
        found = offender(await asyncio.to_thread(self._counts, table), table.least)
        if found is None:
            log.warning("few %s are left on this host, and no lab holds many of them", table.name)
            await asyncio.sleep(REST_SECONDS)
            return
        lab, container = found
        log.warning("lab %s holds most %s of this host: %s is stopped", lab, table.name, container[:12])
        await stop_at_once(self._engine, self._cgroups, lab, container)
        try:
            details = await self._engine.inspect(container)
        except EngineNotFound:
            return  # It was removed meanwhile.
        learners = belongs(details["Config"]["Labels"], lab, LEARNER)
        self._events.tell(TableFull(lab, (virtual_name(lab, details["Name"]),) if learners else ()))

    def _counts(self, table: Table) -> dict[tuple[LabId, str], int]:
        return {
            (lab, container): holding(table, processes)
            for lab in self._open_labs()
            for container, processes in self._cgroups.processes(lab).items()
        }
