"""A local chat on a free loopback port, its rules watched by a clock that the test turns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.localchat import UNLIMITED, Limits, LocalChat
from tests.localchat.client import Served

Serve = Callable[..., AbstractAsyncContextManager[Served]]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def served(
    state: Path, *, limits: Limits = UNLIMITED, clock: Clock | None = None, port: int = 0
) -> AsyncIterator[Served]:
    """A running local chat and where it answers."""
    async with LocalChat(state, limits=limits, clock=clock or Clock()) as chat:
        runner = web.AppRunner(chat.application())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        host, bound = runner.addresses[0][:2]
        try:
            yield Served(chat, f"http://{host}:{bound}")
        finally:
            await runner.cleanup()


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Start a local chat on this test's own state folder; starting again is a restart."""

    def start(**options: object) -> AbstractAsyncContextManager[Served]:
        return served(tmp_path, **options)  # type: ignore[arg-type]  # the options are those of `served`

    return start


@pytest.fixture
async def chat(serve: Serve) -> AsyncIterator[Served]:
    """A local chat without flood limits."""
    async with serve() as running:
        yield running
