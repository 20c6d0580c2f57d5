"""How many connections go into one container at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LIMIT = 8
"""busybox httpd listens with a backlog of 9; one connection more in a burst is retried by TCP only after a second."""
WEBSOCKETS = 6
"""Of those, so that open sockets of six visitors do not shut the page for the seventh."""
QUEUE = 64
"""A browser opens 6 connections to a site: ten visitors who arrive in the same moment."""
PATIENCE = 10.0
"""Seconds in the queue; after that a person has given up or tapped again."""


class Busy(Exception):
    """No slot in time."""


class Slots:
    """The slots of one container, first come, first served; raises Busy rather than wait without end."""

    def __init__(self, limit: int = LIMIT, queue: int = QUEUE, patience: float = PATIENCE) -> None:
        self._free = asyncio.Semaphore(limit)
        self._websockets = 0
        self._queued = 0
        self._queue = queue
        self._patience = patience

    @asynccontextmanager
    async def websocket(self) -> AsyncIterator[None]:
        """Hold a slot for a WebSocket, which may last as long as the page."""
        if self._websockets >= WEBSOCKETS:
            raise Busy
        self._websockets += 1
        try:
            await self.take()
            try:
                yield
            finally:
                self.give_back()
        finally:
            self._websockets -= 1

    def give_back(self) -> None:
        self._free.release()

    async def take(self) -> None:
        """Have a slot until `give_back`."""
        if not self._free.locked():
            await self._free.acquire()
            return
        if self._queued >= self._queue:
            raise Busy
        self._queued += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise Busy from None
        finally:
            self._queued -= 1
