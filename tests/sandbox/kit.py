"""Helpers of the sandbox tests: a host to make, a shell to read, a condition to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from bot.identity import LabId
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.settings import Settings

WEB = "diamol/ch02-hello-diamol-web"
BASE = "diamol/base"
SECONDS = 30.0
"""What is waited for takes milliseconds, on a machine that is busy with something else a thousand times that."""

Make = Callable[..., Awaitable[str]]
"""`await make(lab_id, name, image=…, ports=((host, container),), run=True)`: the new container's id."""


class Shelf:
    """An image shelf in memory: what the store keeps in a table."""

    def __init__(self) -> None:
        self.kept: dict[LabId, set[str]] = {}

    async def references(self, lab: LabId) -> frozenset[str]:
        return frozenset(self.kept.get(lab, ()))

    async def add(self, lab: LabId, reference: str) -> None:
        self.kept.setdefault(lab, set()).add(reference)

    async def remove(self, lab: LabId, reference: str) -> None:
        self.kept.get(lab, set()).discard(reference)


def sandbox(settings: Settings, **changes: Any) -> SandboxHost:
    """A host whose labs may pull the sample images."""
    return SandboxHost(settings.model_copy(update=changes), Shelf(), frozenset({f"{WEB}:latest", f"{BASE}:latest"}))


class Reader:
    """Keeps what a shell prints, so that a test can wait for a piece of it."""

    def __init__(self, lab: Lab) -> None:
        self._shell = lab.shell
        self.text = ""
        self.ended: list[int | None] = []
        self._news = asyncio.Event()
        lab.shell.when_ended(self.ended.append)

    async def follow(self) -> None:
        async for data in self._shell.output():
            self.text += data.decode(errors="replace")
            self._news.set()

    async def sees(self, piece: str) -> str:
        """Everything up to and with `piece`, taken off what is kept."""
        async with asyncio.timeout(SECONDS):
            while piece not in self.text:
                self._news.clear()
                await self._news.wait()
        seen, piece, self.text = self.text.partition(piece)
        return seen + piece

    async def runs(self, line: str) -> str:
        """Type a line and wait for the mark of its end; what was printed between."""
        await self.sees("\x1b]133;B\x07")
        await self._shell.write(line.encode() + b"\n")
        await self.sees("\x1b]133;C\x07")
        printed = await self.sees("\x1b]133;D;")
        return printed.removesuffix("\x1b]133;D;")


@asynccontextmanager
async def reading(lab: Lab) -> AsyncIterator[Reader]:
    """Follow the lab's shell as the chat does."""
    reader = Reader(lab)
    async with asyncio.TaskGroup() as group:
        following = group.create_task(reader.follow())
        try:
            yield reader
        finally:
            following.cancel()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - the condition is the world's, nobody signals it
            await asyncio.sleep(0.01)
