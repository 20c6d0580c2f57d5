"""Waiting for a client that should read, and for the next turn of what costs the engine much: both have an end."""

from __future__ import annotations

import asyncio
import time

from bot.sandbox.gate.faults import ConnectionOver

STALL_SECONDS = 600.0
"""A client that takes not a byte in ten minutes (a stopped pager, a forgotten script) gives its stream back."""
LONGEST_WAIT = 30.0
"""Seconds; who would wait longer for a turn is told so."""


async def drained(writer: asyncio.StreamWriter) -> None:
    """As `writer.drain()`, for no longer than the patience with a client that does not read.

    Raises ConnectionOver, the connection cut.
    """
    if not writer.transport.get_write_buffer_size():
        await writer.drain()
        return
    try:
        async with asyncio.timeout(STALL_SECONDS):
            await writer.drain()
    except TimeoutError:
        writer.transport.abort()
        raise ConnectionOver from None


class Pace:
    """`burst` turns at once, then one in every `seconds`; who comes too early waits."""

    def __init__(self, burst: int, seconds: float) -> None:
        self._seconds = seconds
        self._credit = (burst - 1) * seconds
        self._next = 0.0

    async def turn(self) -> bool:
        """Waits for a turn; False when there are so many before it that it would take too long."""
        now = time.monotonic()
        start = max(now, self._next)
        wait = start - self._credit - now
        if wait > LONGEST_WAIT:
            return False
        self._next = start + self._seconds
        if wait > 0:
            await asyncio.sleep(wait)
        return True
