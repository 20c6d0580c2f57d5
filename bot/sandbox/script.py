"""A script in the toolbox, beside the learner's shell: how a step is checked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.engine import Engine
from bot.sandbox.stream import EngineStream, hijack

OUTPUT_LIMIT = 65536
"""Bytes kept, from the end: the last line is the one that says why."""

TIMED_OUT = 124
"""The exit code of timeout(1)."""

KILLED = 137
"""timeout(1) gives it in place of its own code when the script had to be killed; so does a script that ran out of
memory, but sooner."""

GRACE_SECONDS = 3.0
"""On top of the script's own time: for the kill inside and the engine's answer."""

HEADER = 8
"""An output frame's head: stream number, three zeros, big-endian length (Engine API, attach)."""


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """How it ended and the last 64 KiB of what it said, output and errors as they came."""

    exit_code: int
    output: str

    @property
    def timed_out(self) -> bool:
        return self.exit_code == TIMED_OUT


async def run_script(
    engine: Engine, container_id: str, script: str, *, environment: Mapping[str, str], timeout: float
) -> ScriptResult:
    """Run `script` with bash inside the container; one that takes longer than `timeout` seconds is killed."""
    command = ["timeout", "-k", "1", f"{timeout:g}", "bash", "-c", script]
    variables = [f"{name}={value}" for name, value in environment.items()]
    made = await engine.call(
        lambda client: client.exec_create(container_id, command, environment=variables, stdin=False, tty=False)
    )
    output = bytearray()
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(timeout + GRACE_SECONDS):
            await _collect(engine.socket_path, made["Id"], output)
    except TimeoutError:
        # Killed, but a process that it left behind still holds the output open.
        return ScriptResult(TIMED_OUT, output.decode(errors="replace"))
    found = await engine.call(lambda client: client.exec_inspect(made["Id"]))
    code = found["ExitCode"]
    too_long = code == KILLED and asyncio.get_running_loop().time() >= began + timeout
    return ScriptResult(TIMED_OUT if code is None or too_long else code, output.decode(errors="replace"))


async def _collect(engine_socket: Path, exec_id: str, output: bytearray) -> None:
    async with await hijack(engine_socket, f"/exec/{exec_id}/start", {"Detach": False, "Tty": False}) as stream:
        while (head := await stream.read_exactly(HEADER)) and len(head) == HEADER:
            await _collect_frame(stream, int.from_bytes(head[4:], "big"), output)


async def _collect_frame(stream: EngineStream, length: int, output: bytearray) -> None:
    while length > 0 and (data := await stream.read_exactly(min(length, OUTPUT_LIMIT))):
        length -= len(data)
        output += data
        del output[:-OUTPUT_LIMIT]
