"""Tables that the kernel has once for everybody: who empties one is stopped, and the others have theirs again."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bot.identity import LabId
from bot.sandbox.events import LabEvent, TableFull
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.tables import TABLES, offender
from tests.abuse.kit import BASE, ok, until, working

pytestmark = pytest.mark.engine

TERMINALS = (
    "for p in 1 2 3 4; do (for i in $(seq 1000); do exec {f}<>/dev/ptmx; done; sleep 1000) 2>/dev/null & done; wait"
)
"""Each opening of the multiplexer is one; a process has at most 1,024 descriptors."""
MOST = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
QUEUES = "for i in $(seq {}); do tail -f /etc/hostname & done; wait"
"""Each `tail` has one; a container has at most 96 processes."""


async def _stopped(host: SandboxHost, lab: Lab, script: str) -> TableFull:
    """Run the script in the lab's terminal; what is told."""
    told: asyncio.Queue[LabEvent] = asyncio.Queue()
    unlisten = host.events.listen(lambda event: told.put_nowait(event) if isinstance(event, TableFull) else None)
    try:
        started = time.monotonic()
        await lab.shell.write(script.encode() + b"\n")
        async with asyncio.timeout(40):
            event = await told.get()
        print(f"stopped after {time.monotonic() - started:.1f} s")
    finally:
        unlisten()
    assert isinstance(event, TableFull)
    return event


async def test_who_takes_all_terminals_is_stopped(lab_a: Lab, lab_b: Lab, host: SandboxHost) -> None:
    """`docker run -t` in another lab works again within a moment, and the shell opens again."""
    await ok(lab_b, f"pull --quiet {BASE}")
    async with working(lab_b):
        assert await _stopped(host, lab_a, TERMINALS) == TableFull(lab_a.id, ())
        assert await ok(lab_b, f"run --rm --tty {BASE} tty") == "/dev/pts/0"

    async def has_ended() -> bool:
        return not lab_a.shell.alive

    await until(has_ended)
    assert (await lab_a.run_script("echo again")).output == "again\n"


async def test_who_takes_all_file_watches_is_stopped(lab_a: Lab, lab_b: Lab, host: SandboxHost) -> None:
    """Not the other one, who has some as well: its `tail -f` goes on, and so do the host's services."""
    if MOST > 128:
        pytest.skip("this host has more of them than one shell's processes could take")
    await lab_b.shell.write(QUEUES.format(20).encode() + b"\n")
    async with working(lab_b):
        assert await _stopped(host, lab_a, QUEUES.format(85)) == TableFull(lab_a.id, ())
        assert not TABLES[1].short()
        assert (await lab_b.run_script("timeout 1 tail -f /etc/hostname 2>&1")).output == "lab\n"
        assert (await lab_b.run_script("cat /proc/[0-9]*/comm | grep -c tail")).output == "20\n"


async def test_nobody_is_blamed_for_little() -> None:
    """Many labs with a few each are honest: the one with most of them is left alone."""
    labs = [LabId(f"{number:010x}") for number in range(200)]
    counts = {(lab, "toolbox"): number % TABLES[0].least for number, lab in enumerate(labs)}
    assert offender(counts, TABLES[0].least) is None and offender({}, 1) is None
    assert offender(counts | {(labs[7], "web"): 500}, TABLES[0].least) == (labs[7], "web")
