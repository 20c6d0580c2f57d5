"""The lesson's first command, typed in a lab's terminal, against the same command on the engine's own socket."""

from __future__ import annotations

import asyncio
import time

from bot.sandbox.lab import Lab
from deploy.benchmarks.figures import Row, at_most, ratio
from deploy.benchmarks.laboratory import HELLO, NETWORK, PlainShell, lab_shell, plain_shell, sandbox
from deploy.benchmarks.run import Run, in_turns
from deploy.benchmarks.typist import Typist
from deploy.host.images import DOCKER_CLI

ROUNDS = 40
COMMAND = f"docker container run {HELLO}"
PLAIN_COMMAND = f"docker container run --network {NETWORK} {HELLO}"
GREETING = "Hello from Chapter 2!"
BOUND = at_most(1.15)


async def measure(run: Run) -> list[Row]:
    """Against the CLI as a process of the host, and against a shell in the same image."""
    settings = run.settings("lesson")
    async with sandbox(settings) as host, lab_shell(host) as (lab, typist), plain_shell(run) as plain:
        found = await in_turns(
            run.rounds(ROUNDS),
            {
                "lab": lambda: in_lab(lab, typist),
                "process": lambda: as_process(run),
                "plain": lambda: in_plain(run, plain),
            },
        )
    return [
        ratio("lesson", "typed in a lab / CLI process on the host", found["lab"], found["process"], "s", BOUND),
        ratio("lesson", "typed in a lab / typed in a plain toolbox", found["lab"], found["plain"], "s", BOUND),
    ]


async def in_lab(lab: Lab, typist: Typist) -> float:
    took = await typist.types(COMMAND, GREETING)
    await lab.remove_all()
    return took


async def in_plain(run: Run, plain: PlainShell) -> float:
    took = await plain.typist.types(PLAIN_COMMAND, GREETING)
    await _remove_last(run)
    return took


async def as_process(run: Run) -> float:
    """The CLI started by us, from its start to its end."""
    started = time.perf_counter()
    printed = await docker(run, *PLAIN_COMMAND.split()[1:])
    took = time.perf_counter() - started
    if GREETING not in printed:
        raise ValueError(f"the command printed {printed!r}")
    await _remove_last(run)
    return took


async def _remove_last(run: Run) -> None:
    """Remove what the engine's own socket was asked to run."""
    ids = await docker(run, "container", "ls", "--all", "--quiet", "--filter", f"ancestor={HELLO}")
    await docker(run, "container", "rm", *ids.split())


async def docker(run: Run, *arguments: str) -> str:
    """What the docker CLI prints on the engine's own socket. Raises ValueError when it fails."""
    process = await asyncio.create_subprocess_exec(
        DOCKER_CLI,
        f"--host=unix://{run.engine.socket}",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode:
        raise ValueError(f"docker {' '.join(arguments)}: {errors.decode(errors='replace')}")
    return output.decode(errors="replace")
