"""What every benchmark is given: the engine of this run, and how much to measure."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.settings import Settings
from deploy.benchmarks.figures import Sample
from deploy.host.temporary import EngineHost

QUICK_PART = 4
"""A quick run takes a quarter of the rounds."""
MIN_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the benchmarks on one private engine."""

    engine: EngineHost
    quick: bool

    def rounds(self, full: int) -> int:
        """How many rounds to measure where a full run measures `full`."""
        return max(MIN_ROUNDS, full // QUICK_PART) if self.quick else full

    def state(self, name: str) -> Path:
        """A state folder of a benchmark's own, gone with the run."""
        folder = self.engine.state / name
        folder.mkdir(exist_ok=True)
        return folder

    def settings(self, name: str) -> Settings:
        """The bot's defaults, on this run's engine."""
        namespace = self.engine.network_namespace
        return Settings(
            state=self.state(name),
            engine=f"unix://{self.engine.socket}",
            network_namespace=str(namespace) if namespace else None,
            cgroup=self.engine.cgroup,
        )

    def environment(self, name: str, listen: str) -> dict[str, str]:
        """The same as variables, for a bot in a process of its own."""
        settings = self.settings(name)
        return {
            "DOSIRAK_STATE": str(settings.state),
            "DOSIRAK_ENGINE": settings.engine,
            "DOSIRAK_NETNS": settings.network_namespace or "",
            "DOSIRAK_CGROUP": settings.cgroup,
            "DOSIRAK_LISTEN": listen,
        }


Act = Callable[[], Awaitable[float]]
"""Does the thing once and gives what it measured."""


async def in_turns(rounds: int, acts: Mapping[str, Act]) -> dict[str, Sample]:
    """Every act once in each round, so that a busy moment of the machine falls on all; the first round is not counted.

    The order is turned from round to round: what follows a slow neighbour is another one each time.
    """
    values: dict[str, list[float]] = {name: [] for name in acts}
    names = list(acts)
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            value = await acts[name]()
            if number:
                values[name].append(value)
    return {name: Sample.of(kept) for name, kept in values.items()}


async def seconds(work: Awaitable[object]) -> float:
    """How long something takes."""
    started = time.perf_counter()
    await work
    return time.perf_counter() - started
