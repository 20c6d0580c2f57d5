"""Whether a host has room for one more lab, which lab makes room first, and how long a queue may take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.identity import LabId

MIB = 1024 * 1024
LAB_MEMORY = 64 * MIB
"""What a lab in use takes: a toolbox, a CLI at work, a web server or two. Its limit is far above."""
LAB_DISK = 64 * MIB
"""What the chapters leave in a lab is a few MiB; images are shared."""
QUIET = timedelta(minutes=5)
"""Nobody has used the lab for so long and others wait: it is parked, which loses no file."""
PARKED_LONG = timedelta(minutes=10)
"""Nobody has used a parked lab for so long when it is given up for its disk."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the operator allows: labs at once, labs of one person, and what stays free for the host, in bytes."""

    labs: int = 200
    labs_of_a_person: int = 3
    memory_reserve: int = 256 * MIB
    disk_reserve: int = 1024 * MIB


@dataclass(frozen=True, slots=True)
class HostRoom:
    """Bytes that are free on the host: memory that can be had without swapping, and the engine's disk."""

    memory: int
    disk: int


class Short(StrEnum):
    """What there is not enough of."""

    LABS = "labs"
    MEMORY = "memory"
    DISK = "disk"


def shortage(bounds: Bounds, taken: int, host: HostRoom) -> Short | None:
    """What keeps one more lab from being opened; `taken` are the open labs and the places kept for those called."""
    if host.disk < bounds.disk_reserve + LAB_DISK:
        return Short.DISK
    if host.memory < bounds.memory_reserve + LAB_MEMORY:
        return Short.MEMORY
    return Short.LABS if taken >= bounds.labs else None


@dataclass(frozen=True, slots=True)
class Resident:
    """A lab as one who looks for room sees it."""

    lab_id: LabId
    parked: bool
    in_use: bool
    last_used_at: datetime
    ends_at: datetime


def to_reclaim(short: Short, residents: Iterable[Resident], now: datetime) -> Resident | None:
    """The lab that makes room, longest unused first: for disk a parked one is closed, else a quiet one is parked."""
    free = [one for one in residents if not one.in_use]
    if short is Short.DISK:
        willing = [one for one in free if one.parked and now - one.last_used_at >= PARKED_LONG]
    else:
        willing = [one for one in free if not one.parked and now - one.last_used_at >= QUIET]
    return min(willing, key=lambda one: one.last_used_at, default=None)


def wait_for(place: int, residents: Sequence[Resident], now: datetime) -> timedelta | None:
    """How long the `place`-th in the queue (from 1) may wait if those who work now go on; None: nobody knows."""
    releases = sorted(one.ends_at if one.in_use else one.last_used_at + QUIET for one in residents if not one.parked)
    if not 1 <= place <= len(releases):
        return None
    return max(releases[place - 1] - now, timedelta(minutes=1))
