"""Scripts in the toolbox, beside the learner's shell: how a step is checked."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Self

from bot.errors import EngineUnavailable
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

KEPT_SECONDS = 30.0
"""How long a bash waits for the next script. Who works on a step is checked after each command, and to start a process
in a container takes longer than most checks; who reads on has no bash but their own."""

HEADER = 8
"""An output frame's head: stream number, three zeros, big-endian length (Engine API, attach)."""

LOOP = f"""
while read -r -t {2 * KEPT_SECONDS:g} -d '' mark && read -r -d '' seconds && IFS= read -r -d '' script; do
    timeout -k 1 "$seconds" bash -c "$script" < /dev/null 2>&1
    printf '%s%d\\n' "$mark" $?
done
"""
"""Takes scripts, and tells the end of each by its mark and exit code. It ends with its input, and by itself when an
engine that was killed never ended that."""


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """How it ended and the last 64 KiB of what it said, output and errors as they came."""

    exit_code: int
    output: str

    @property
    def timed_out(self) -> bool:
        return self.exit_code == TIMED_OUT


class Scripts:
    """Runs scripts in one toolbox, several at a time if need be; a bash that is done waits a while for the next one."""

    def __init__(self, engine: Engine, container_id: str) -> None:
        self._engine = engine
        self._container = container_id
        self._kept: _Bash | None = None
        self._until: asyncio.TimerHandle | None = None
        self._closed = False

    async def run(self, script: str, *, environment: Mapping[str, str], timeout: float) -> ScriptResult:
        """Run `script` with bash inside; one that takes longer than `timeout` seconds is killed.

        It runs once more when its bash ends before it, which may have happened since the last script.
        """
        if (kept := self._taken()) is not None:
            try:
                return await self._run(kept, script, environment, timeout)
            except _Ended:
                pass
        bash = await _Bash.started(self._engine, self._container)
        try:
            return await self._run(bash, script, environment, timeout)
        except _Ended as ended:
            found = await self._engine.call(lambda client: client.exec_inspect(bash.id))
            code = found["ExitCode"]
            return ScriptResult(TIMED_OUT if code is None else code, ended.output)

    async def _run(self, bash: _Bash, script: str, environment: Mapping[str, str], timeout: float) -> ScriptResult:
        try:
            result = await bash.run(script, environment, timeout)
        except BaseException:
            bash.close()
            raise
        self._keep(bash)
        return result

    def _taken(self) -> _Bash | None:
        kept, self._kept = self._kept, None
        if kept is not None:
            self._engine.turns.unkeep()
        if self._until is not None:
            self._until.cancel()
        return kept

    def _keep(self, bash: _Bash) -> None:
        self.end_kept()
        if self._closed or not bash.waits or not self._engine.turns.keep():
            bash.close()
            return
        self._kept = bash
        self._until = asyncio.get_running_loop().call_later(KEPT_SECONDS, self.end_kept)

    def end_kept(self) -> None:
        """No bash waits any more."""
        if (kept := self._taken()) is not None:
            kept.close()

    def close(self) -> None:
        """End what waits, and whatever still runs after its script."""
        self._closed = True
        self.end_kept()


class _Ended(Exception):
    """The bash has ended, and with it the script."""

    def __init__(self, output: str) -> None:
        self.output = output
        super().__init__(output)


class _Bash:
    """One bash in the toolbox that takes one script after the other."""

    def __init__(self, exec_id: str, stream: EngineStream) -> None:
        self.id = exec_id
        self.waits = True
        """Whether it is known to have nothing to do."""
        self._stream = stream

    @classmethod
    async def started(cls, engine: Engine, container_id: str) -> Self:
        made = await engine.call(
            lambda client: client.exec_create(container_id, ["bash", "-c", LOOP], stdin=True, tty=False)
        )
        body = {"Detach": False, "Tty": False}
        return cls(made["Id"], await hijack(engine.socket_path, f"/exec/{made['Id']}/start", body))

    async def run(self, script: str, environment: Mapping[str, str], timeout: float) -> ScriptResult:
        """Raises _Ended."""
        mark, output = secrets.token_hex(16), bytearray()
        variables = "".join(f"export {name}={quote(value)}\n" for name, value in environment.items())
        began = asyncio.get_running_loop().time()
        self.waits = False
        try:
            async with asyncio.timeout(timeout + GRACE_SECONDS):
                await self._take("\0".join([mark, f"{timeout:g}", variables + script, ""]))
                code = await self._collect(mark.encode(), output)
        except TimeoutError:
            return ScriptResult(TIMED_OUT, _text(output))
        self.waits = True
        too_long = code == KILLED and asyncio.get_running_loop().time() >= began + timeout
        return ScriptResult(TIMED_OUT if too_long else code, _text(output))

    async def _take(self, work: str) -> None:
        try:
            await self._stream.write(work.encode())
        except EngineUnavailable as error:  # as an end that is read is: an engine that is back does not know this bash
            raise _Ended("") from error

    async def _collect(self, mark: bytes, output: bytearray) -> int:
        """What the script says goes into `output`, until its mark; its exit code."""
        while (head := await self._stream.read_exactly(HEADER)) and len(head) == HEADER:
            length = int.from_bytes(head[4:], "big")
            while length > 0 and (data := await self._stream.read_exactly(min(length, OUTPUT_LIMIT))):
                length -= len(data)
                output += data
                del output[: -OUTPUT_LIMIT - 2 * len(mark)]
            said, marked, code = output.rpartition(mark)
            if marked and b"\n" in code:
                output[:] = said
                return int(code.partition(b"\n")[0])
        raise _Ended(_text(output))

    def close(self) -> None:
        """Its input ends, and with that it does."""
        self._stream.close()


def _text(output: bytearray) -> str:
    return output[-OUTPUT_LIMIT:].decode(errors="replace")
