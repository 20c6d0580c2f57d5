"""What the official CLI reaches alone, on the engine's own socket: many loops of it at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from tempfile import NamedTemporaryFile

from bot.errors import EngineError
from bot.sandbox.engine import Engine
from deploy.benchmarks.laboratory import HELLO, NETWORK, plain_network
from deploy.benchmarks.lesson import docker
from deploy.benchmarks.run import Run

PARALLEL = (2, 4, 8)
"""Throughput is flat from two starts per core on, and a benchmark must not take the flat part's word for it. At most
eight, since all of them share one /28 network."""
STARTS = 24
"""For each parallelism: some seconds each."""
LEARNERS, STARTS_OF_A_LEARNER = 8, 6
"""Who play the chapter, and the containers that each of them starts."""
BASE, WEB = "diamol/base", "diamol/ch02-hello-diamol-web"
_RUN = ("container", "run", "--network", NETWORK)


@dataclass(frozen=True, slots=True)
class PlainRates:
    """Containers started in a second, by nothing but starts and by the chapter's commands, with so many at once."""

    starts: float
    chapter: float
    parallel: int


async def plain_rates(run: Run) -> PlainRates:
    engine = Engine(run.engine.socket)
    try:
        network = await plain_network(engine)
        for image in (HELLO, BASE, WEB):
            await docker(run, "pull", "--quiet", image)
        starts, parallel = max([(await _starts(run, parallel), parallel) for parallel in PARALLEL])
        chapter = await _chapter(run, parallel)
        await _remove(engine, network)
    finally:
        await engine.close()
    return PlainRates(starts, chapter, parallel)


async def _remove(engine: Engine, network: str) -> None:
    """Once the engine counts no endpoint there any more, which may be a little after its containers are gone."""
    for pause in (0.1, 0.5, 2.0):
        with suppress(EngineError):
            return await engine.call(lambda client: client.remove_network(network))
        await asyncio.sleep(pause)
    await engine.call(lambda client: client.remove_network(network))


async def _starts(run: Run, parallel: int) -> float:
    """Of the lesson's first command, again and again."""

    async def start(number: int) -> None:
        await docker(run, *_RUN, HELLO)

    rate = STARTS / await _together(start, STARTS, parallel)
    ids = await docker(run, "container", "ls", "--all", "--quiet", "--filter", f"ancestor={HELLO}")
    await docker(run, "container", "rm", *ids.split())
    return rate


async def _chapter(run: Run, parallel: int) -> float:
    """Of the commands that `Learner` taps; without a terminal, a lab, or checks."""
    with NamedTemporaryFile() as memo:

        async def play(number: int) -> None:
            await _play(run, f"learner-{number}", memo.name)

        took = await _together(play, LEARNERS, parallel)
    return LEARNERS * STARTS_OF_A_LEARNER / took


async def _play(run: Run, name: str, memo: str) -> None:
    for _ in range(2):
        await docker(run, *_RUN, "--label", name, HELLO)
    await docker(run, *_RUN, "--label", name, "--interactive", BASE, "true")
    await docker(run, "container", "ls", "--all")
    await docker(run, *_RUN, "--label", name, "--name", name, HELLO)
    await docker(run, "container", "logs", name)
    await docker(run, "container", "cp", memo, f"{name}:/memo.txt")
    await docker(run, "container", "start", "--attach", name)
    await docker(run, *_RUN, "--label", name, "--detach", WEB)
    ids = await docker(run, "container", "ls", "--all", "--quiet", "--filter", f"label={name}")
    await docker(run, "container", "rm", "--force", *ids.split())


async def _together(work: Callable[[int], Awaitable[None]], times: int, parallel: int) -> float:
    """Seconds for so many of it, so many at once."""
    waiting = iter(range(times))

    async def worker() -> None:
        for number in waiting:
            await work(number)

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(parallel)))
    return time.perf_counter() - started
