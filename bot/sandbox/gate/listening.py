"""The server's streams: a reader that tells when the client ended, and whether it is gone altogether; and its heads."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

from bot.sandbox.gate.faults import BadRequest, ConnectionOver
from bot.sandbox.gate.head import MAX_HEAD

HEAD_SECONDS = 10.0
"""From a head's first byte to its last."""
LOOK_SECONDS = 0.5
"""How soon a client that closed while the engine was silent frees its stream."""

STUCK_SECONDS = 5.0
"""Between two looks at a client whose bytes wait. It is gone when it is found so twice: who reads them slowly takes
some meanwhile, and in the end reads its end."""


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
    if not await _ended_or_stuck(reader, writer):
        return
    # The kernel tells a poll, not asyncio, so there is no event to wait for.
    while not _is_gone(writer):  # noqa: ASYNC110 (see the line above)
        await asyncio.sleep(LOOK_SECONDS)


async def _ended_or_stuck(reader: ClientReader, writer: asyncio.StreamWriter) -> bool:
    """Waits for the client's end; False when it is gone behind bytes that nobody takes, where no end can be read."""
    stuck = False
    while True:
        try:
            async with asyncio.timeout(STUCK_SECONDS):
                await reader.ended.wait()
                return True
        except TimeoutError:
            before, stuck = stuck, not _reads(writer)
            if before and stuck and _is_gone(writer):
                return False


def _reads(writer: asyncio.StreamWriter) -> bool:
    transport = writer.transport
    return not isinstance(transport, asyncio.ReadTransport) or transport.is_reading()


def _is_gone(writer: asyncio.StreamWriter) -> bool:
    socket = writer.get_extra_info("socket")
    if writer.is_closing() or socket is None or socket.fileno() < 0:
        return True
    look = select.poll()
    look.register(socket.fileno(), 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in look.poll(0))


async def next_head(reader: asyncio.StreamReader, patience: float) -> bytes | None:
    """The bytes of a request's head; None when none begins within `patience` seconds; raises BadRequest."""
    try:
        async with asyncio.timeout(patience):
            first = await reader.read(1)
        if not first:
            return None
    except TimeoutError:
        return None
    try:
        async with asyncio.timeout(HEAD_SECONDS):
            return first + await reader.readuntil(b"\r\n\r\n")
    except TimeoutError:
        raise BadRequest(408, "the request's head did not come in time") from None
    except asyncio.LimitOverrunError:
        raise BadRequest(431, f"the request's head is larger than {MAX_HEAD // 1024} KiB") from None
    except asyncio.IncompleteReadError:
        raise ConnectionOver from None
