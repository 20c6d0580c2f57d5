"""What fills the disk is stopped, and nobody else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.events import DiskLimitReached, LabEvent
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.settings import Settings
from deploy.host.temporary import EngineHost
from tests.abuse.kit import BASE, MIB, ok, runs, working
from tests.sandbox.kit import reading, sandbox

pytestmark = pytest.mark.engine

LIMIT = 96
"""MiB of a lab here: reached in a moment."""

SECONDS = 60.0

MANY = "for n in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of={}$n bs=1M count=4096; done"
"""One file has 16 MiB at most."""


class Told:
    """The watchdog's events."""

    def __init__(self, host: SandboxHost) -> None:
        self.queue: asyncio.Queue[DiskLimitReached] = asyncio.Queue()
        host.events.listen(self._heard)

    def _heard(self, event: LabEvent) -> None:
        if isinstance(event, DiskLimitReached):
            self.queue.put_nowait(event)

    async def next(self) -> DiskLimitReached:
        async with asyncio.timeout(SECONDS):
            return await self.queue.get()


@pytest.fixture
async def small(settings: Settings, engine: Engine) -> AsyncIterator[SandboxHost]:
    """A host that gives its labs little disk."""
    state = settings.state.with_name("small")
    async with sandbox(settings, state=state, lab_disk_mib=LIMIT) as host:
        yield host


@pytest.fixture
async def labs(small: SandboxHost) -> AsyncIterator[tuple[Lab, Lab]]:
    a, b = LabId("d15c000000"), LabId("d15c000001")
    first, second = await small.labs.open(a), await small.labs.open(b)
    await ok(first, f"pull --quiet {BASE}")
    yield first, second
    await small.labs.close(a)
    await small.labs.close(b)


async def states(lab: Lab) -> dict[str, str]:
    return {container.name: container.state for container in await lab.containers()}


async def test_what_fills_its_own_layer_is_stopped(small: SandboxHost, labs: tuple[Lab, Lab]) -> None:
    """Case J184: only that container, and the learner can tidy up afterwards without being stopped again."""
    lab, other = labs
    told = Told(small)
    await runs(lab, "innocent", "sleep 1000")
    async with working(other):
        started = time.monotonic()
        await runs(lab, "greedy", MANY.format("/big") + "; sleep 1000")
        event = await told.next()
        print(f"stopped after {time.monotonic() - started:.1f} s, at {event.used / MIB:.0f} MiB")
    assert event.lab_id == lab.id and event.containers == ("greedy",) and not event.removed
    assert event.limit == LIMIT * MIB < event.used
    assert await states(lab) == {"greedy": "exited", "innocent": "running"}
    await ok(lab, "rm greedy")
    await asyncio.sleep(2.5)
    assert told.queue.empty() and lab.shell.alive


async def test_what_fills_a_volume_is_stopped(small: SandboxHost, labs: tuple[Lab, Lab]) -> None:
    """Case J184: whoever mounts it, since the volume does not tell who writes."""
    told = Told(small)
    await runs(labs[0], "writer", MANY.format("/data/big") + "; sleep 1000", options="-v data:/data")
    event = await told.next()
    assert event.containers == ("writer",)
    assert await states(labs[0]) == {"writer": "exited"}


async def test_a_file_without_a_name_counts_too(small: SandboxHost, labs: tuple[Lab, Lab]) -> None:
    """Deleted while it is open: no walk over folders would see it, and its end frees it."""
    told = Told(small)
    fill = "for n in 3 4 5 6 7 8 9; do dd if=/dev/zero bs=1M count=16 >&$n; done"
    await runs(labs[0], "hidden", f"exec 3>/a 4>/b 5>/c 6>/d 7>/e 8>/f 9>/g; rm /?; {fill}; sleep 1000")
    event = await told.next()
    assert event.containers == ("hidden",) and event.used > LIMIT * MIB


async def test_who_opens_more_than_can_be_looked_at_is_stopped(small: SandboxHost, labs: tuple[Lab, Lab]) -> None:
    """Ninety processes with two thousand descriptors each: otherwise every look at the disk would wait for them."""
    lab, other = labs
    told = Told(small)
    many = "ulimit -n 2048; for i in $(seq 2000); do exec {f}</dev/null; done; for i in $(seq 85); do sleep 1000 & done"
    async with working(other):
        await lab.shell.write(f"{many}; dd if=/dev/zero of=grows bs=1M count=8\n".encode())
        event = await told.next()
    assert event.lab_id == lab.id and event.containers == () and not event.removed
    assert (await states(other)) == {}


async def test_empty_files_count_too(small: SandboxHost, labs: tuple[Lab, Lab]) -> None:
    """Case J184: a filesystem has a fixed number of them."""
    told = Told(small)
    many = "i=0; while :; do mkdir /d$i; cd /d$i; seq 1 1000 | xargs touch; i=$((i+1)); done"
    await runs(labs[0], "many", many)
    event = await told.next()
    assert event.containers == ("many",)
    assert await states(labs[0]) == {"many": "exited"}


async def test_what_is_copied_in_counts_too(small: SandboxHost, labs: tuple[Lab, Lab]) -> None:
    """Case J184: `docker cp` into a container that does not run, so that there is nothing to stop; B can write."""
    lab, other = labs
    told = Told(small)
    await ok(lab, f"create --name box {BASE} true")
    copies = "n=$(date +%s%N); while docker cp ~/part box:/part$n; do n=$((n+1)); done"
    events: list[DiskLimitReached] = []
    async with reading(lab), working(other):
        while not events or not events[-1].removed:
            # It ends with the shell that runs it, and goes on in the next one.
            await lab.run_script(f"dd if=/dev/zero of=part bs=1M count=16; {copies}", timeout=30)
            events.append(await told.next())
        assert (await other.run_script("dd if=/dev/zero of=mine bs=1M count=8 && rm mine")).exit_code == 0
    print(f"{len(events)} events; at the last one the lab had {events[-1].used / MIB:.0f} MiB")
    assert {event.lab_id for event in events} == {lab.id}
    assert events[-1].used < 4 * LIMIT * MIB and "box" not in await states(lab)


async def test_the_terminal_itself_is_stopped_and_opens_again(small: SandboxHost, labs: tuple[Lab, Lab]) -> None:
    """The home volume is kept; its learner removes the file and goes on."""
    lab, _ = labs
    told = Told(small)
    async with reading(lab):
        await lab.shell.write(MANY.format("big").encode() + b"\n")
        event = await told.next()
        assert event.containers == () and not event.removed
        assert (await lab.run_script("rm ~/big* && echo gone")).output == "gone\n"


async def test_who_goes_on_after_a_stop_loses_what_is_too_much(small: SandboxHost, labs: tuple[Lab, Lab]) -> None:
    """Otherwise each new start would add another second's worth."""
    lab, _ = labs
    told = Told(small)
    fill = MANY.format("/data/$(date +%s%N)")
    events: list[DiskLimitReached] = []
    while not events or not events[-1].removed:
        await lab.run_script(f"docker run --detach --rm --name again -v data:/data {BASE} sh -c '{fill}'")
        events.append(await told.next())
    assert 1 < len(events) <= 4
    assert "data" not in await ok(lab, "volume ls --quiet")


async def test_a_host_without_room_stops_only_what_grows(
    settings: Settings, engine: Engine, engine_host: EngineHost
) -> None:
    """Labs within their limits are stopped as well when the host has no room for them."""
    state = settings.state.with_name("full")
    async with sandbox(settings, state=state, disk_reserve_mib=2**40) as host:
        told = Told(host)
        lab = await host.labs.open(LabId("d15c000002"))
        try:
            await ok(lab, f"pull --quiet {BASE}")
            await runs(lab, "quiet", "sleep 1000")
            await asyncio.sleep(2)
            await runs(lab, "grows", "for i in 1 2 3 4 5 6; do dd if=/dev/zero of=/$i bs=1M count=8; sleep 1; done")
            event = await told.next()
            assert event.host_full and event.containers == ("grows",)
            assert (await states(lab))["quiet"] == "running"
        finally:
            await host.labs.close(lab.id)
