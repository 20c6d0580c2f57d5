"""Two labs on one host: A misbehaves, B works; what B feels is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox.lab import Lab
from bot.sandbox.script import ScriptResult

BASE = "diamol/base"
MIB = 2**20

LIVELY = 2.0
"""Seconds: a script in B's toolbox (a `docker exec`) takes 0.1 in peace. A bound on harm, not a benchmark."""


@dataclass
class Pulse:
    """How long B's scripts took, one after the other, while something else went on."""

    seconds: list[float] = field(default_factory=list)

    @property
    def worst(self) -> float:
        return max(self.seconds)

    @property
    def median(self) -> float:
        return sorted(self.seconds)[len(self.seconds) // 2]

    def __str__(self) -> str:
        return f"{len(self.seconds)} scripts, median {self.median * 1000:.0f} ms, worst {self.worst * 1000:.0f} ms"


async def beat(lab: Lab, pulse: Pulse) -> None:
    """One script of B: a process of its own, and a call through its gate."""
    started = time.monotonic()
    result = await lab.run_script("docker container ls --quiet && echo works", timeout=LIVELY * 5)
    pulse.seconds.append(time.monotonic() - started)
    assert result.exit_code == 0 and result.output.endswith("works\n"), result


@asynccontextmanager
async def working(lab: Lab) -> AsyncIterator[Pulse]:
    """B works all the while, and is never slow."""
    pulse = Pulse()
    await beat(lab, pulse)

    async def work() -> None:
        while True:
            await beat(lab, pulse)
            await asyncio.sleep(0.1)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(work())
        try:
            yield pulse
        finally:
            task.cancel()
    await beat(lab, pulse)
    print(pulse)
    assert pulse.worst < LIVELY, pulse


async def docker(lab: Lab, words: str, *, timeout: float = 30.0) -> ScriptResult:
    """The official CLI in the lab's toolbox, through its gate."""
    return await lab.run_script(f"docker {words}", timeout=timeout)


async def ok(lab: Lab, words: str) -> str:
    """The output of a command that must succeed."""
    result = await docker(lab, words)
    assert result.exit_code == 0, (words, result)
    return result.output.strip()


async def runs(lab: Lab, name: str, script: str, *, options: str = "") -> str:
    """Start a container with a shell script; its id."""
    return await ok(lab, f"run --detach --name {name} {options} {BASE} sh -c '{script}'")


async def until(true: Callable[[], Coroutine[Any, Any, bool]], seconds: float = 20.0) -> None:
    """Wait for something on the engine."""
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 (nobody signals it)
            await asyncio.sleep(0.1)


def resident(pid: str | int = "self") -> int:
    """Bytes of memory that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def available() -> int:
    """Bytes of memory that the host still has."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
