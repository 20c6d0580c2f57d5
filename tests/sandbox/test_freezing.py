"""A lab is held still by the kernel itself, in a cgroup of version 2; version 1 is what the other tests stand in."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.identity import LabId
from bot.sandbox.cgroups import Cgroups
from tests.sandbox.kit import SECONDS

pytestmark = pytest.mark.engine

LAB = LabId("0123456789")
MOUNTED = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines() if " cgroup2 rw" in line]


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[tuple[Cgroups, int]]:
    """A cgroup of a lab in which one program runs for ever, and that program."""
    if not MOUNTED:
        pytest.skip("this machine has no cgroups of version 2")
    root, parent = Path(MOUNTED[0]), f"dosirak-test-{secrets.token_hex(4)}"
    (tmp_path / "mounts").write_text(f"cgroup2 {root} cgroup2 rw 0 0")
    folder = root / parent / LAB / "container"
    folder.mkdir(parents=True)
    program = subprocess.Popen(("sh", "-c", "while :; do :; done"))
    (folder / "cgroup.procs").write_text(str(program.pid))
    cgroups = Cgroups(f"/{parent}", tmp_path / "mounts")
    yield cgroups, program.pid
    cgroups.thaw(LAB)
    program.kill()
    program.wait()
    cgroups.remove(LAB)
    with suppress(OSError):
        (root / parent).rmdir()


def ticks(pid: int) -> int:
    """The processor time that it has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def sooner_or_later(true: Callable[[], bool]) -> None:
    """The kernel does it at once, and tells nobody; a busy machine takes its time."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_frozen_does_not_run_and_goes_on_after_it(busy: tuple[Cgroups, int]) -> None:
    """Not for one tick; and it can be ended without the engine."""
    cgroups, pid = busy
    assert not cgroups.frozen(LAB)
    cgroups.freeze(LAB)
    sooner_or_later(lambda: cgroups.frozen(LAB))
    before = ticks(pid)
    time.sleep(0.2)
    assert ticks(pid) == before
    cgroups.thaw_all()
    sooner_or_later(lambda: ticks(pid) > before)
    cgroups.kill(LAB, "container")
    sooner_or_later(lambda: not cgroups.processes(LAB).get("container"))
