"""How fast a published page comes, through our proxy and through JupyterHub's, in front of the same server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from deploy.benchmarks.figures import Row, Sample, at_least, plain, ratio
from deploy.benchmarks.page_load import Load
from deploy.benchmarks.page_peer import PACKAGE, installed, peer
from deploy.benchmarks.programs import processor_seconds
from deploy.benchmarks.run import Run
from deploy.host.images import cache_folder
from deploy.host.words import say

ROUNDS = 12
SECONDS = 1.0
BOUND = at_least(1.0)
NAMES = ("ours", "peer")


@dataclass(frozen=True, slots=True)
class Visit:
    """What is asked for, and over how many connections at once."""

    name: str
    path: str
    connections: int


VISITS = (
    Visit("small page, 1 connection", "/small", 1),
    Visit("small page, 16 connections", "/small", 16),
    Visit("1 MiB file, 4 connections", "/large", 4),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A proxy: where it listens, under which host the page is, and its process."""

    port: int
    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One second of load, and the proxy's processor time for each answer, in ms."""

    load: Load
    processor: float


async def measure(run: Run) -> list[Row]:
    async with AsyncExitStack() as stack:
        [files], _ = await stack.enter_async_context(_program("page_files"))
        (port, host), pid = await stack.enter_async_context(_program("page_proxy", files))
        targets = {"ours": Target(int(port), host, pid)}
        program = await installed(cache_folder() / "npm")
        if program is None:
            say(f"no npm here: pages are measured without {PACKAGE} beside them")
        else:
            peer_port, peer_pid = await stack.enter_async_context(peer(program, int(files)))
            targets["peer"] = Target(peer_port, "localhost", peer_pid)
        return [row for visit in VISITS for row in rows_of(visit, await _in_turns(run, visit, targets))]


async def _in_turns(run: Run, visit: Visit, targets: dict[str, Target]) -> dict[str, list[Turn]]:
    """Every proxy once in each round, another one first each time; the first round warms up."""
    turns: dict[str, list[Turn]] = {name: [] for name in targets}
    names = list(targets)
    for number in range(run.rounds(ROUNDS) + 1):
        for name in names if number % 2 else reversed(names):
            turn = await _visited(visit, targets[name])
            if number:
                turns[name].append(turn)
    return turns


async def _visited(visit: Visit, target: Target) -> Turn:
    before = processor_seconds(target.pid)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.benchmarks.page_load", str(target.port), target.host, visit.path),
        *(str(visit.connections), str(SECONDS)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    load = Load(**json.loads(output))
    return Turn(load, (processor_seconds(target.pid) - before) * 1000 / load.answers)


def rows_of(visit: Visit, turns: dict[str, list[Turn]]) -> list[Row]:
    """What the turns come to; without the other proxy ours stands alone."""

    def each(value: Callable[[Turn], float]) -> tuple[Sample, Sample | None]:
        ours, peers = (Sample.of([value(turn) for turn in turns[name]]) if name in turns else None for name in NAMES)
        assert ours is not None
        return ours, peers

    rates, peer_rates = each(lambda turn: turn.load.rate)
    times, peer_times = each(lambda turn: turn.processor)
    waits, peer_waits = each(lambda turn: turn.load.most)
    if peer_rates is None or peer_times is None or peer_waits is None:
        return [plain("pages", f"{visit.name}, answers", rates, "/s")]
    return [
        ratio("pages", f"{visit.name}, answers, ours / {PACKAGE}", rates, peer_rates, "/s", BOUND),
        ratio("pages", f"{visit.name}, processor time of an answer", times, peer_times, "ms"),
        ratio("pages", f"{visit.name}, 99 % came within", waits, peer_waits, "ms"),
    ]


@asynccontextmanager
async def _program(module: str, *arguments: str) -> AsyncIterator[tuple[list[str], int]]:
    """A server in a process of its own: the words that it prints when it listens, and its pid."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"deploy.benchmarks.{module}", *arguments), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().split(), process.pid
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
