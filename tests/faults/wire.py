"""The line between the bot and its Bot API server, which a test can cut, jam and mend."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from bot.tasks import TaskShelf

PIECE = 65536
BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 41\r\nConnection: close\r\n\r\n"
    b"<html><center>502 Bad Gateway</center></>"
)
"""What the front server of api.telegram.org says while what is behind it is away."""


class Wire:
    """Forwards connections to `target`, a port of this machine, while nothing else is asked of it."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._tasks = TaskShelf()
        self._server: asyncio.Server | None = None
        self._gateway = True
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Every connection breaks, and new ones are refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks, self._tasks = self._tasks, TaskShelf()  # A closed shelf begins nothing more.
        await tasks.close()

    async def mend(self, *, gateway: bool = True) -> None:
        """Listen again at the same port; without `gateway` each request is answered with 502 and a page."""
        await self.cut()
        self._gateway = gateway
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def jam(self) -> None:
        """Answer everything with a front server's error page."""
        await self.mend(gateway=False)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        work = self._carry(reader, writer) if self._gateway else self._refuse(reader, writer)
        self._tasks.start(work, name="a connection to the Bot API server")

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(PIECE)
            writer.write(BAD_GATEWAY)
            await writer.drain()
        finally:
            writer.close()

    def _addressed(self, data: bytes) -> bytes:
        """A request as the server behind expects it: it refuses those that name another port than its own."""
        return data.replace(f"Host: 127.0.0.1:{self.port}\r\n".encode(), f"Host: 127.0.0.1:{self._target}\r\n".encode())

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pump(reader, far_writer, self._addressed))
                both.create_task(_pump(far_reader, writer, lambda data: data))
        finally:
            far_writer.close()
            writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, view: Callable[[bytes], bytes]) -> None:
    with suppress(ConnectionError):
        while data := await source.read(PIECE):
            sink.write(view(data))
            await sink.drain()
        sink.write_eof()
