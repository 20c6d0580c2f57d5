"""Memory of an idle lab, against the Docker-in-Docker that its learner would have otherwise."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.sandbox.engine import Engine
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.names import toolbox_name
from deploy.benchmarks.dind import idle_pair
from deploy.benchmarks.figures import Row, Sample, at_least, at_most, plain, ratio
from deploy.benchmarks.laboratory import new_lab_id, sandbox
from deploy.benchmarks.run import Run

LABS = 8
IDLE_SECONDS = 15.0
"""A Go program gives back what its start needed some seconds later."""
MIB = 2**20


async def measure(run: Run) -> list[Row]:
    """PSS: a page that several processes share counts for each with its part. So the first lab costs the most."""
    labs, first = await _labs(run)
    pair = await asyncio.to_thread(idle_pair, IDLE_SECONDS, pss)
    return [
        plain("memory", "the only lab: bash + shim, PSS", first, "MiB", at_most(6.0)),
        plain("memory", f"each of {LABS} labs: bash + shim, PSS", labs, "MiB", at_most(6.0)),
        ratio("memory", "Docker-in-Docker (dockerd + containerd, idle) / the only lab", pair, first, "MiB", at_least(10.0)),
    ]


async def _labs(run: Run) -> tuple[Sample, Sample]:
    """PSS of each of several labs, and of the first while it was alone."""
    engine = Engine(run.engine.socket)
    try:
        async with sandbox(run.settings("memory")) as host:
            opened = [await _idle_lab(host)]
            await asyncio.sleep(IDLE_SECONDS)
            first = await _pss_of_lab(engine, opened[0])
            opened += [await _idle_lab(host) for _ in range(LABS - 1)]
            await asyncio.sleep(IDLE_SECONDS)
            return Sample.of([await _pss_of_lab(engine, lab) for lab in opened]), Sample.of([first])
    finally:
        await engine.close()


async def _idle_lab(host: SandboxHost) -> Lab:
    """A lab whose shell shows its prompt."""
    lab = await host.labs.open(new_lab_id())
    await anext(lab.shell.output())
    return lab


async def _pss_of_lab(engine: Engine, lab: Lab) -> float:
    """Everything that runs for it: bash and what bash started, and the shim that holds its pty."""
    bash = int((await engine.inspect(toolbox_name(lab.id)))["State"]["Pid"])
    return sum(pss(pid) for pid in (_parent(bash), *_family(bash)))


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def pss(pid: int) -> float:
    """A process's proportional set size in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / MIB
