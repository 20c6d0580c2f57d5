"""The engine's side: one new connection for each request, HTTP/1.1 by h11, nothing reused."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import h11

from bot.errors import EngineTimeout, EngineTooMuch, EngineUnavailable
from bot.guard.verdict import Upstream, to_json
from bot.sandbox.gate.chunks import Chunks, Crumbs
from bot.sandbox.longpaths import reachable

VERSION = "/v1.41"
"""The only version that the engine is ever asked in."""
PIECE = 256 * 1024
CHUNKS_PIECE = 16 * 1024
"""Of chunks, which may be as small as a line of a log: a millisecond's worth."""
BUFFER = 64 * 1024
"""Unread bytes of a stream at which reading the engine pauses (asyncio lets twice as many and one piece come)."""
MAX_WHOLE = 8 * 1024 * 1024
"""Lists and details of one lab are some kilobytes; a `top` or `changes` of a busy container some hundred."""
ANSWER_SECONDS = 90.0
"""For answers that are read whole, and for the head of a stream: a stop takes up to 10 s, a start on a busy host some
seconds."""


def target(request: Upstream) -> str:
    """The request target: fixed version, the guard's path, its parameters in canonical encoding."""
    query = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in request.query)
    return f"{VERSION}{quote(request.path, safe='/:@')}" + (f"?{query}" if query else "")


class EngineAnswer:
    """The engine's answer to one request: its head, then its body in pieces, or a raw stream after 101."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, machine: h11.Connection, crumbs: Crumbs
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._machine = machine
        self._crumbs = crumbs
        self.status = 0
        self.headers: Mapping[str, str] = {}

    @property
    def switched(self) -> bool:
        return self.status == 101

    def early_bytes(self) -> bytes:
        """What came with the 101 and belongs to the raw stream."""
        return self._machine.trailing_data[0]

    async def read_head(self) -> None:
        """Raises EngineTimeout."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._read_head()
        except TimeoutError:
            raise EngineTimeout("the engine did not answer in time") from None

    async def _read_head(self) -> None:
        event = await self._next()
        while isinstance(event, h11.InformationalResponse) and event.status_code != 101:
            event = await self._next()
        if not isinstance(event, h11.Response | h11.InformationalResponse):
            raise EngineUnavailable("the engine ended the connection without an answer")
        self.status = event.status_code
        self.headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in event.headers}

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes; ends with the body."""
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            async for piece in self._chunked():
                yield piece
            return
        while True:
            event = await self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                return

    async def _chunked(self) -> AsyncIterator[bytes]:
        """What is there of many small chunks, as one piece."""
        chunks, data = Chunks(), self._machine.trailing_data[0]
        try:
            while True:
                found = chunks.feed(data)
                if found:
                    yield b"".join(found)
                if chunks.over:
                    return
                await self._crumbs.rest(len(found))
                data = await self.reader.read(CHUNKS_PIECE)
                if not data:
                    raise EngineUnavailable("the engine broke off in the middle of its answer")
        except (ConnectionError, ValueError) as error:
            raise EngineUnavailable(f"the engine's connection broke: {error}") from error

    async def whole(self) -> bytes:
        collected, size = [], 0
        async for piece in self.pieces():
            size += len(piece)
            if size > MAX_WHOLE:
                raise EngineTooMuch(f"the engine's answer has more than {MAX_WHOLE} bytes")
            collected.append(piece)
        return b"".join(collected)

    async def _next(self) -> Any:
        try:
            while (event := self._machine.next_event()) is h11.NEED_DATA:
                self._machine.receive_data(await self.reader.read(PIECE))
        except (ConnectionError, h11.RemoteProtocolError) as error:
            raise EngineUnavailable(f"the engine's connection broke: {error}") from error
        return event


class Engine:
    """A client of the engine's unix socket. Raises EngineUnavailable, EngineTimeout and EngineTooMuch."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path
        self._crumbs = Crumbs()

    @contextlib.asynccontextmanager
    async def asked(
        self,
        request: Upstream,
        *,
        upgrade: bool = False,
        upload: AsyncIterator[bytes] | None = None,
        watched: Callable[[asyncio.StreamWriter], AbstractAsyncContextManager[None]] | None = None,
    ) -> AsyncIterator[EngineAnswer]:
        """Send `request` on a connection of its own and give its answer, head read; closed on leaving.

        `watched`: entered with the connection until the head is there.
        """
        machine = h11.Connection(h11.CLIENT)
        connection = await self._connected()
        try:
            await _send(connection, machine, request, upgrade=upgrade, upload=upload)
            # Read from now on alone: what fails on a stream while it is written to makes it forget what it has read.
            reader, writer = await asyncio.open_unix_connection(sock=connection, limit=BUFFER)
        except BaseException:
            connection.close()
            raise
        try:
            answer = EngineAnswer(reader, writer, machine, self._crumbs)
            async with watched(writer) if watched is not None else contextlib.nullcontext():
                await answer.read_head()
            yield answer
        finally:
            writer.close()  # not waited for: the client's answer should not wait for the engine's side to be gone

    async def _connected(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.setblocking(False)
        try:
            with reachable(self._path) as address:
                await asyncio.get_running_loop().sock_connect(connection, address)
        except OSError as error:
            connection.close()
            raise EngineUnavailable("nothing answers at the engine's socket") from error
        except BaseException:
            connection.close()
            raise
        return connection

    async def read(self, request: Upstream) -> tuple[int, Any]:
        """The status and JSON value (None when there is none) of an answer that is read whole."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                async with self.asked(request) as answer:
                    return answer.status, parsed(await answer.whole())
        except TimeoutError:
            raise EngineTimeout("the engine did not answer in time") from None


def parsed(body: bytes) -> Any:
    """The JSON value in an answer of the engine; None when it is empty or not JSON."""
    try:
        return json.loads(body) if body.strip() else None
    except ValueError:
        return None


async def _send(
    connection: socket.socket,
    machine: h11.Connection,
    request: Upstream,
    *,
    upgrade: bool,
    upload: AsyncIterator[bytes] | None,
) -> None:
    body = b"" if request.body is None else to_json(request.body)
    headers = [("Host", "docker"), ("User-Agent", "dosirak")]
    if upgrade:
        headers += [("Connection", "Upgrade"), ("Upgrade", "tcp")]
    if request.body is not None:
        headers += [("Content-Type", "application/json")]
    if upload is not None:
        headers += [("Content-Type", "application/x-tar"), ("Transfer-Encoding", "chunked")]
    elif request.method != "GET" and request.method != "HEAD":
        headers += [("Content-Length", str(len(body)))]
    start = machine.send(h11.Request(method=request.method, target=target(request), headers=headers)) or b""
    if upload is None:
        start += (machine.send(h11.Data(body)) if body else b"") or b""
        start += machine.send(h11.EndOfMessage()) or b""
    send = asyncio.get_running_loop().sock_sendall
    # The engine may answer and close before it has read everything: its answer is kept in spite of the reset.
    with contextlib.suppress(ConnectionError):
        await send(connection, start)
        if upload is None:
            return
        async for piece in upload:
            await send(connection, machine.send(h11.Data(piece)) or b"")
    if upload is not None:
        end = machine.send(h11.EndOfMessage()) or b""
        with contextlib.suppress(ConnectionError):
            await send(connection, end)
