"""Who may use the connection when: single statements side by side, a group of them alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """First come, first served: whoever wants to be alone waits for those before, and holds up those after.

    Side by side nothing is lost, since the connection's thread takes one statement after the other; but nobody waits
    for the event loop to hear of somebody else's end, and on a busy loop that is most of a statement's time.
    """

    def __init__(self) -> None:
        self._entry = asyncio.Lock()
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Others may be inside too, but nobody who wants to be alone."""
        async with self._entry:
            self._inside += 1
            self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Nobody else is inside."""
        async with self._entry:
            await self._empty.wait()
            yield
