"""Typing into a shell and waiting for its prompt, with a clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

ENDED = b"\x1b]133;D;"
PROMPT = b"\x1b]133;B\x07"
"""The toolbox's bash marks a command's end and the prompt after it (OSC 133)."""
PATIENCE = 30.0
"""Seconds for the slowest command on a busy machine."""


class Typist:
    """Types lines into one shell; `output` is all that it prints."""

    def __init__(self, write: Callable[[bytes], Awaitable[None]], output: AsyncIterator[bytes]) -> None:
        self._write = write
        self._output = output
        self._printed = b""

    async def until(self, *marks: bytes) -> bytes:
        """Read until each of these has come, one after the other; what was printed up to there."""
        seen = b""
        async with asyncio.timeout(PATIENCE):
            for mark in marks:
                while mark not in self._printed:
                    self._printed += await anext(self._output)
                before, _, self._printed = self._printed.partition(mark)
                seen += before
        return seen

    async def types(self, line: str, expected: str = "") -> float:
        """Seconds from the line's sending to the prompt after it. Raises ValueError if `expected` was not printed."""
        started = time.perf_counter()
        await self._write(line.encode() + b"\n")
        printed = await self.until(ENDED, PROMPT)
        took = time.perf_counter() - started
        if expected not in printed.decode(errors="replace"):
            raise ValueError(f"`{line}` printed {printed[-500:]!r}, not {expected!r}")
        return took


@asynccontextmanager
async def typing(write: Callable[[bytes], Awaitable[None]], output: AsyncIterator[bytes]) -> AsyncIterator[Typist]:
    """A typist at a shell that shows its first prompt (or, found running, prints one for an empty line)."""
    typist = Typist(write, output)
    await write(b"\n")
    await typist.until(ENDED, PROMPT)
    yield typist
