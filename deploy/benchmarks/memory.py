"""Memory of an idle lab, against the Docker-in-Docker that its learner would have otherwise."""

from __future__ import annotations

import asyncio

from bot.sandbox.engine import Engine
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.names import toolbox_name
from deploy.benchmarks.dind import idle_pairs
from deploy.benchmarks.figures import Row, Sample, at_least, at_most, plain, ratio
from deploy.benchmarks.laboratory import new_lab_id, sandbox
from deploy.benchmarks.run import Run
from deploy.benchmarks.weight import NOTHING, Weight, family, parent, weigh

LABS = 8
PAIRS = 2
IDLE_SECONDS = 35.0
"""A shim gives memory back every 30 s."""
BOUND = at_most(6.0)
TIMES_LESS = at_least(10.0)


async def measure(run: Run) -> list[Row]:
    """A lab shares its programs' pages with the other labs of the host, and a pair of engines with the other pair."""
    alone, labs = await _labs(run)
    pairs = await asyncio.to_thread(idle_pairs, PAIRS, IDLE_SECONDS)
    return [
        plain("memory", f"an idle lab, one of {LABS}: bash + shim, PSS", _proportional(labs), "MiB", BOUND),
        plain("memory", "an idle lab, the only one of its host, PSS", _proportional([alone]), "MiB"),
        ratio(
            "memory",
            f"dockerd + containerd, one pair of {PAIRS} / a lab, one of {LABS}, PSS",
            _proportional(pairs),
            _proportional(labs),
            "MiB",
            TIMES_LESS,
        ),
        ratio("memory", "the same by private memory: one more of each", _private(pairs), _private(labs), "MiB"),
    ]


def _proportional(weights: list[Weight]) -> Sample:
    return Sample.of([weight.proportional for weight in weights])


def _private(weights: list[Weight]) -> Sample:
    return Sample.of([weight.private for weight in weights])


async def _labs(run: Run) -> tuple[Weight, list[Weight]]:
    """The first lab while it was alone, and each of several labs."""
    engine = Engine(run.engine.socket)
    try:
        async with sandbox(run.settings("memory")) as host:
            labs = [await _at_prompt(host)]
            await asyncio.sleep(IDLE_SECONDS)
            alone = await _weight_of(engine, labs[0])
            labs += [await _at_prompt(host) for _ in range(LABS - 1)]
            await asyncio.sleep(IDLE_SECONDS)
            return alone, [await _weight_of(engine, lab) for lab in labs]
    finally:
        await engine.close()


async def _at_prompt(host: SandboxHost) -> Lab:
    """A lab whose bash has started."""
    lab = await host.labs.open(new_lab_id())
    await anext(lab.shell.output())
    return lab


async def _weight_of(engine: Engine, lab: Lab) -> Weight:
    """Everything that runs for it: bash and what bash started, and the shim that holds its pty."""
    bash = int((await engine.inspect(toolbox_name(lab.id)))["State"]["Pid"])
    return sum((weigh(pid) for pid in (parent(bash), *family(bash))), start=NOTHING)
