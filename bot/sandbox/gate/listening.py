"""The server's streams: a reader that tells when the client ended, and whether it is gone altogether."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

LOOK_SECONDS = 0.5
"""How soon a client that closed while the engine was silent frees its stream."""


class ClientReader(asyncio.StreamReader):
    """A StreamReader that also tells of the client's end while nobody reads."""

    def __init__(self, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=limit, loop=loop)
        self.ended = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.ended.set()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.ended.set()


Connected = Callable[[ClientReader, asyncio.StreamWriter], None]


def protocol(connected: Connected, limit: int) -> asyncio.StreamReaderProtocol:
    """A connection's protocol; `connected` gets its streams."""
    loop = asyncio.get_running_loop()
    reader = ClientReader(limit, loop)
    return asyncio.StreamReaderProtocol(reader, lambda _, writer: connected(reader, writer), loop=loop)


async def hung_up(reader: ClientReader, writer: asyncio.StreamWriter) -> None:
    """Returns when the client has closed both directions: a half-close alone is not the end of its interest."""
    await reader.ended.wait()
    # The kernel tells a poll, not asyncio, so there is no event to wait for.
    while not _is_gone(writer):  # noqa: ASYNC110 (see the line above)
        await asyncio.sleep(LOOK_SECONDS)


def _is_gone(writer: asyncio.StreamWriter) -> bool:
    socket = writer.get_extra_info("socket")
    if writer.is_closing() or socket is None or socket.fileno() < 0:
        return True
    look = select.poll()
    look.register(socket.fileno(), 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in look.poll(0))
