"""What the gate adds to a short command, and to a single request."""

from __future__ import annotations

import asyncio
import json
import sys

from bot.sandbox.lab import Lab
from bot.sandbox.opening import SOCKET
from deploy.benchmarks.figures import Row, Sample, at_most, excess, ratio
from deploy.benchmarks.laboratory import lab_shell, plain_shell, sandbox
from deploy.benchmarks.run import Run, in_turns

ROUNDS = 120
COMMAND = "docker container ls"
HEADING = "CONTAINER ID"
BOUND = at_most(1.2)

REQUESTS = 400
PATHS = ("/_ping", "/v1.41/containers/json")
CONNECTIONS = ("kept", "new")


async def measure(run: Run) -> list[Row]:
    settings = run.settings("gate")
    async with sandbox(settings) as host, lab_shell(host) as (lab, typist), plain_shell(run) as plain:
        found = await in_turns(
            run.rounds(ROUNDS),
            {
                "lab": lambda: typist.types(COMMAND, HEADING),
                "plain": lambda: plain.typist.types(COMMAND, HEADING),
            },
        )
        requests = [await _request(run, lab, path, connection) for path in PATHS for connection in CONNECTIONS]
    return [
        ratio("gate", f"{COMMAND} in a lab / in a plain toolbox", found["lab"], found["plain"], "s", BOUND),
        *requests,
    ]


async def _request(run: Run, lab: Lab, path: str, connection: str) -> Row:
    """Single requests from a process of its own, as the CLI is one."""
    sockets = (run.state("gate") / "labs" / lab.id / SOCKET, run.engine.socket)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy.benchmarks.requester",
        path,
        connection,
        str(run.rounds(REQUESTS)),
        *map(str, sockets),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    gate, engine = (Sample.of([value * 1000 for value in values]) for values in json.loads(output))
    return excess("gate", f"GET {path}, {connection} connection, gate - engine", gate, engine, "ms")
