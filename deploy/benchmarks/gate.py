"""What the gate adds to a short command, and to a single request."""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

from bot.sandbox.lab import Lab
from bot.sandbox.opening import SOCKET
from deploy.benchmarks.figures import Row, Sample, at_least, at_most, excess, paired, ratio
from deploy.benchmarks.laboratory import HELLO, lab_shell, plain_shell, sandbox
from deploy.benchmarks.run import Run, in_turns, seconds

ROUNDS = 120
COMMAND = "docker container ls"
HEADING = "CONTAINER ID"
BOUND = at_most(1.2)

REQUESTS = 400
PATHS = ("/_ping", "/v1.41/containers/json")
CONNECTIONS = ("kept", "new")
MORE = {"kept": at_most(0.5), "new": at_most(1.0)}
"""Milliseconds, by the connection."""
LIST_BOUND = at_most(1.0)

STREAM_ROUNDS = 12
"""A single pair is off by a fifth on two busy cores; the median of twelve is not."""
STREAM_BYTES = 200_000_000
"""Two seconds or more, so that starting the command does not count."""
STREAM_BOUND = at_least(0.9)


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
        stream = await _stream(run, lab)
    return [
        ratio("gate", f"{COMMAND} in a lab / in a plain toolbox", found["lab"], found["plain"], "s", BOUND),
        *requests,
        stream,
    ]


async def _stream(run: Run, lab: Lab) -> Row:
    """Output of a command in one container, carried by the gate and by the engine itself."""
    sockets = {"gate": run.state("gate") / "labs" / lab.id / SOCKET, "engine": run.engine.socket}
    made = await _docker(sockets["gate"], "run", "--detach", "--entrypoint", "sleep", HELLO, "600")
    container = made.decode().strip()

    async def megabytes_a_second(socket: Path) -> float:
        command = ("exec", container, "head", "-c", str(STREAM_BYTES), "/dev/zero")
        return STREAM_BYTES / 1e6 / await seconds(_docker(socket, *command, keep=False))

    found = await in_turns(
        run.rounds(STREAM_ROUNDS), {name: partial(megabytes_a_second, socket) for name, socket in sockets.items()}
    )
    await _docker(sockets["gate"], "rm", "--force", container)
    what = "200 MB of output, gate / engine, by rounds"
    return paired("gate", what, found["gate"], found["engine"], "MB/s", STREAM_BOUND)


async def _docker(socket: Path, *words: str, keep: bool = True) -> bytes:
    """The official CLI on a socket; what it prints, unless that is thrown away."""
    quiet = asyncio.subprocess.DEVNULL
    output = asyncio.subprocess.PIPE if keep else quiet
    process = await asyncio.create_subprocess_exec(
        "docker", "--host", f"unix://{socket}", *words, stdout=output, stderr=quiet
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"docker {words[0]} ended with {process.returncode}")
    return out or b""


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
    bound = MORE[connection] if path == "/_ping" else LIST_BOUND
    return excess("gate", f"GET {path}, {connection} connection, gate - engine", gate, engine, "ms", bound)
