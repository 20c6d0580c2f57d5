"""Room on the host: what keeps a lab from opening, who makes room first, how long a queue takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.identity import LabId
from bot.learning.capacity import (
    LAB_DISK,
    LAB_MEMORY,
    PARKED_LONG,
    QUIET,
    Bounds,
    HostRoom,
    Resident,
    Short,
    shortage,
    to_reclaim,
    wait_for,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
BOUNDS = Bounds(labs=3, memory_reserve=1000, disk_reserve=2000)
ENOUGH = HostRoom(1000 + LAB_MEMORY, 2000 + LAB_DISK)


def resident(name: str, *, minutes: float = 60, parked: bool = False, in_use: bool = False) -> Resident:
    """A lab that was used last so many minutes ago, and ends in two hours."""
    return Resident(LabId(name), parked, in_use, NOW - timedelta(minutes=minutes), NOW + timedelta(hours=2))


@pytest.mark.parametrize(
    ("taken", "host", "short"),
    [
        (2, ENOUGH, None),
        (3, ENOUGH, Short.LABS),
        (0, replace(ENOUGH, memory=ENOUGH.memory - 1), Short.MEMORY),
        (0, replace(ENOUGH, disk=ENOUGH.disk - 1), Short.DISK),
        (3, HostRoom(0, 0), Short.DISK),
    ],
)
def test_labs_memory_and_disk_decide(taken: int, host: HostRoom, short: Short | None) -> None:
    """What is kept for the host is never given away; the disk is said first, since only it needs labs to be closed."""
    assert shortage(BOUNDS, taken, host) is short


def test_a_quiet_lab_is_parked_before_anybody_waits() -> None:
    """The longest unused first; one in use, or used just now, is left alone."""
    quiet = QUIET.total_seconds() / 60
    labs = [resident("a", minutes=quiet), resident("b", minutes=quiet + 1), resident("c", in_use=True)]
    chosen = to_reclaim(Short.MEMORY, labs, NOW)
    assert chosen is not None and chosen.lab_id == "b"
    assert to_reclaim(Short.LABS, [resident("a", minutes=quiet - 1), resident("p", parked=True)], NOW) is None


def test_only_for_the_disk_a_lab_is_given_up() -> None:
    """A parked one, the longest unused; what somebody works in never."""
    parked = PARKED_LONG.total_seconds() / 60
    labs = [resident("a", minutes=parked, parked=True), resident("b", minutes=99, parked=True), resident("c")]
    labs.append(resident("d", minutes=120, parked=True, in_use=True))  # A page of it is open, or it is coming back.
    chosen = to_reclaim(Short.DISK, labs, NOW)
    assert chosen is not None and chosen.lab_id == "b"
    assert to_reclaim(Short.DISK, [resident("a", minutes=parked - 1, parked=True), resident("c")], NOW) is None


def test_the_estimate_is_when_the_labs_before_one_get_free() -> None:
    """A quiet lab after its minutes, one in use at its end; without enough labs there is no honest guess."""
    labs = [resident("a", minutes=2), resident("b", in_use=True), resident("p", parked=True)]
    assert wait_for(1, labs, NOW) == QUIET - timedelta(minutes=2)
    assert wait_for(2, labs, NOW) == timedelta(hours=2)
    assert wait_for(3, labs, NOW) is None
    assert wait_for(1, [resident("a", minutes=90)], NOW) == timedelta(minutes=1)
