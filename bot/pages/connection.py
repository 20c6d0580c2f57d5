"""Connections into containers: made by the sandbox's sockets, kept for the next request, one request at a time.

aiohttp's parser and flow control (`ResponseHandler`) without its client session, whose redirects, cookies,
decompression and URL handling a proxy must not use and would pay for with half of its time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from aiohttp import ClientPayloadError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader

from bot.pages.page import Upstreams, address_information

CONNECT_SECONDS = 5.0
"""The container is on this machine: a connection that takes longer never comes."""
IDLE_SECONDS = 60.0
"""As long as nginx waits for the next bytes of an answer (its proxy_read_timeout)."""
KEPT_SECONDS = 15.0
"""An idle connection is kept for the next click, not for a container that may have gone meanwhile."""
READ_AHEAD = 2**16
"""Bytes of an answer that are held when the visitor is slower than the container; twice as many at the most."""


class Unreachable(Exception):
    """There is no way to the container's address: it does not run, or not there."""


class _Reader(ResponseHandler):
    """With one timer for many reads: the library's own makes and cancels two for each small answer.

    The names are private ones of a pinned version; a test of a container that never answers shows that they still hold.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._late_at: float | None = None
        """When the next bytes are late; None: none are waited for."""

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self._read_timeout_handle is not None:
            self._read_timeout_handle.cancel()
            self._read_timeout_handle = None

    def _drop_timeout(self) -> None:
        self._late_at = None

    def _reschedule_timeout(self) -> None:
        if self._read_timeout is None:
            return
        self._late_at = self._loop.time() + self._read_timeout
        if self._read_timeout_handle is None:
            self._read_timeout_handle = self._loop.call_at(self._late_at, self._look)

    def _look(self) -> None:
        self._read_timeout_handle = None
        if self._late_at is None:
            return
        if self._loop.time() < self._late_at:
            self._read_timeout_handle = self._loop.call_at(self._late_at, self._look)
        else:
            self._on_read_timeout()


class Connection:
    """One connection. `is_fresh` tells whether it has carried no request yet: a kept one may be dead without a word."""

    def __init__(self, protocol: ResponseHandler) -> None:
        self._protocol = protocol
        self.is_fresh = True
        self.has_answered = False
        self.kept_at = 0.0

    @property
    def is_usable(self) -> bool:
        return self._protocol.is_connected() and not self._protocol.should_close

    def close(self) -> None:
        self._protocol.close()

    def send_head(self, head: bytes, *, has_answer_body: bool) -> None:
        """Begin a request; `has_answer_body` is False for HEAD. Raises ConnectionResetError on a dead connection."""
        self.has_answered = False
        transport = self._protocol.transport
        if transport is None:
            raise ConnectionResetError("the container hung up")
        self._protocol.set_response_params(
            skip_payload=not has_answer_body,
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=IDLE_SECONDS,
            read_bufsize=READ_AHEAD,
        )
        transport.write(head)

    async def send_body(self, chunks: AsyncIterator[bytes], *, chunked: bool) -> None:
        """Send a body as it comes in. When it breaks off, so does the connection: half a body is never whole."""
        try:
            async for chunk in chunks:
                self._write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
                # asyncio's own name for "wait until the peer takes more", private in every version since 3.4.
                await self._protocol._drain_helper()
            if chunked:
                self._write(b"0\r\n\r\n")
            self._protocol.start_timeout()
        except Exception:
            # Not logged: the visitor left, the container hung up, or the bound was reached; who waits for the answer
            # meets the closed connection.
            self._protocol.abort()

    async def answer(self, *, body_follows: bool) -> tuple[RawResponseMessage, StreamReader]:
        """The answer's head and its body as a stream; interim answers (1xx) are passed over.

        The time for an answer begins when the request is sent: with `body_follows`, at the body's end.
        """
        if not body_follows:
            self._protocol.start_timeout()
        while True:
            message, payload = await self._protocol.read()
            if message.code == 101:
                raise ClientPayloadError("the container changed the protocol without being asked to")
            if message.code >= 200:
                self.has_answered = True
                return message, payload

    def _write(self, data: bytes) -> None:
        if self._protocol.transport is None:
            raise ConnectionResetError("the container hung up")
        self._protocol.transport.write(data)


class Connections:
    """The pool. How many go into one container is bounded by the container's slots, not here."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams
        self._idle: dict[tuple[str, int], list[Connection]] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def take(self, address: tuple[str, int], *, fresh: bool = False) -> Connection:
        """A kept connection, or a new one; raises ConnectionRefusedError or Unreachable."""
        idle = None if fresh else self._idle.get(address)
        while idle:
            connection = idle.pop()
            if connection.is_usable and time.monotonic() - connection.kept_at < KEPT_SECONDS:
                return connection
            connection.close()
        return await self._connect(address)

    def give_back(self, address: tuple[str, int], connection: Connection) -> None:
        """Keep it for the next request if it can carry one, close it if not."""
        if not connection.is_usable:
            connection.close()
            return
        connection.is_fresh = False
        connection.kept_at = time.monotonic()
        self._idle.setdefault(address, []).append(connection)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._close_old)

    def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _close_old(self) -> None:
        self._sweep = None
        oldest = time.monotonic() - KEPT_SECONDS
        for address, connections in tuple(self._idle.items()):
            for connection in connections:
                if connection.kept_at <= oldest or not connection.is_usable:
                    connection.close()
            self._idle[address] = [kept for kept in connections if kept.kept_at > oldest and kept.is_usable]
            if not self._idle[address]:
                del self._idle[address]
        if self._idle:
            self._sweep = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._close_old)

    async def _connect(self, address: tuple[str, int]) -> Connection:
        loop = asyncio.get_running_loop()
        made = self._upstreams.make_socket(address_information(*address))
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await loop.sock_connect(made, address)
            _, protocol = await loop.create_connection(lambda: _Reader(loop), sock=made)
        except ConnectionRefusedError:
            made.close()
            raise
        except OSError as error:
            made.close()
            raise Unreachable(str(error)) from error
        except BaseException:
            made.close()
            raise
        return Connection(protocol)
