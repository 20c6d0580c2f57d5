"""A page while it is served: where its container is, who is connected, how often it was visited."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.pages.bounds import Allowance, Bounds
from bot.pages.page import Page, Upstreams
from bot.pages.slots import Slots

ADDRESS_LIFE = 2.0
"""Seconds that a container's address is trusted: asking the engine costs milliseconds, a request must not."""
STARTING = 15.0
"""Seconds after its start in which a container that refuses is called "starting"."""


class Route:
    def __init__(
        self, page: Page, *, url: str, visits: int, slots: Slots, upstreams: Upstreams, bounds: Bounds
    ) -> None:
        self.page = page
        self.url = url
        self.visits = self.visits_kept = visits
        self.slots = slots
        self.is_gone = False
        """The engine said that the container is no more."""
        self.is_stopped = False
        """The container was seen to stop, and not to start again."""
        self._allowance = Allowance(bounds, time.monotonic())
        self._upstreams = upstreams
        self._connections: set[asyncio.Task[Any]] = set()
        self._address: tuple[str, int] | None = None
        self._asked_at = 0.0
        self._asking = asyncio.Lock()
        self._started_at = time.monotonic()

    @property
    def is_starting(self) -> bool:
        return time.monotonic() - self._started_at < STARTING

    def admits(self) -> bool:
        """Count a request, if the page's bound lets it in."""
        return self._allowance.admits(time.monotonic())

    async def pay(self, size: int) -> None:
        """Count bytes that went through, and wait when they are more than the page's bound."""
        if pause := self._allowance.pause(size, time.monotonic()):
            await asyncio.sleep(pause)

    def restarted(self) -> None:
        self.is_stopped = False
        self._started_at = time.monotonic()
        self.lose_address()

    def stopped(self) -> None:
        self.is_stopped = True
        self.lose_address()

    def lose_address(self) -> None:
        """The container stopped, started or did not answer: ask where it is before the next connection."""
        self._address = None

    async def address(self) -> tuple[str, int]:
        """Where the container listens; errors as `Upstreams.address` raises them."""
        if self._address is not None and time.monotonic() - self._asked_at < ADDRESS_LIFE:
            return self._address
        async with self._asking:
            if self._address is None or time.monotonic() - self._asked_at >= ADDRESS_LIFE:
                page = self.page
                self._address = await self._upstreams.address(page.lab_id, page.container_id, page.container_port)
                self._asked_at = time.monotonic()
            return self._address

    @contextmanager
    def connected(self) -> Iterator[None]:
        """The task inside serves a visitor of this page and is cancelled when the page ends."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            yield
        finally:
            self._connections.discard(task)

    def disconnect(self) -> None:
        """End every connection of the page, streams and WebSockets too."""
        for task in tuple(self._connections):
            task.cancel()
