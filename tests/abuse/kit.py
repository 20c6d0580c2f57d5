"""Two labs on one host: A misbehaves, B works; what B feels is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox.engine import Engine
from bot.sandbox.lab import Lab
from bot.sandbox.script import ScriptResult

BASE = "diamol/base"
MIB = 2**20

LIVELY = 2.0
"""Seconds: a `docker exec` in B's toolbox takes 0.1 in peace. A bound on harm, not a benchmark."""


@dataclass
class Pulse:
    """How long B's execs took, one after the other, while something else went on; and B's calls through its gate."""

    execs: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return f"execs: {_figures(self.execs)}; with a call through the gate: {_figures(self.calls)}"


def _figures(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{len(ordered)}, median {ordered[len(ordered) // 2] * 1000:.0f} ms, worst {ordered[-1] * 1000:.0f} ms"


async def beat(lab: Lab, pulse: Pulse) -> None:
    """A process of B's own, and then one that asks its gate."""
    for script, taken in (("echo works", pulse.execs), ("docker ps --quiet && echo works", pulse.calls)):
        started = time.monotonic()
        result = await lab.run_script(script)
        taken.append(time.monotonic() - started)
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
    assert max(pulse.execs) < LIVELY, pulse


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


async def found(engine: Engine, lab: Lab, name: str) -> Any:
    """What the engine itself says about a learner's container."""
    return await engine.inspect(f"lab-{lab.id}.{name}")


async def root_of(engine: Engine) -> Path:
    """The folder that the engine keeps everything in."""
    return Path((await engine.call(lambda client: client.info()))["DockerRootDir"])
