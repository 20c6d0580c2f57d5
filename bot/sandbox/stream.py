"""Calls of the engine that may take long: hijacked ones (attach, exec), the event stream, ends. No threads."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h11

from bot.errors import EngineError
from bot.sandbox.answers import refusal, translated

API_VERSION = "1.41"
"""Pinned: what Debian's 20.10.24 speaks, and every later engine still does."""

CHUNK = 65536
"""Bytes per read: one pipe's worth."""


class EngineStream:
    """A connection after the engine's answer: raw bytes both ways."""

    def __init__(self, connection: socket.socket, early: bytes = b"") -> None:
        self._connection = connection
        self._early = early

    async def read(self) -> bytes:
        """What has arrived, at most 64 KiB; empty at the end. A broken connection is an end too."""
        if self._early:
            early, self._early = self._early, b""
            return early
        try:
            return await asyncio.get_running_loop().sock_recv(self._connection, CHUNK)
        except ConnectionError:
            return b""

    async def read_exactly(self, count: int) -> bytes:
        """`count` bytes, or fewer at the end."""
        parts = bytearray()
        while len(parts) < count and (data := await self.read()):
            parts += data
        self._early = bytes(parts[count:]) + self._early
        return bytes(parts[:count])

    async def write(self, data: bytes) -> None:
        """Send all of `data`; waits while the other side does not read."""
        with translated():
            await asyncio.get_running_loop().sock_sendall(self._connection, data)

    @property
    def peer(self) -> int:
        """The pid of who listens at the engine's socket (unix(7): SO_PEERCRED)."""
        credentials = self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(credentials[:4], sys.byteorder)

    def close(self) -> None:
        """Hang up; a reader that waits sees the end."""
        with suppress(OSError):  # The engine may have hung up first.
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def hijack(engine_socket: Path, path: str, body: dict[str, Any] | None = None) -> EngineStream:
    """POST to `path` (without version) and take the connection over; raises as the engine answers."""
    content = b"" if body is None else json.dumps(body).encode()
    request = h11.Request(
        method="POST",
        target=f"/v{API_VERSION}{path}",
        headers=[
            ("Host", "docker"),
            ("Connection", "Upgrade"),
            ("Upgrade", "tcp"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(content))),
        ],
    )
    connection = await _connected(engine_socket)
    try:
        wire = await _asked(connection, request, content)
        answer = await _event(connection, wire)
        if not isinstance(answer, h11.InformationalResponse):
            raise await _refused(connection, wire, answer)
    except BaseException:
        connection.close()
        raise
    return EngineStream(connection, wire.trailing_data[0])


async def objects(engine_socket: Path, path: str) -> AsyncGenerator[dict[str, Any] | None]:
    """GET `path` and yield each JSON line of its endless answer; first None, once the engine has accepted."""
    connection = await _connected(engine_socket)
    try:
        request = h11.Request(method="GET", target=f"/v{API_VERSION}{path}", headers=[("Host", "docker")])
        wire = await _asked(connection, request, b"")
        answer = await _event(connection, wire)
        if not isinstance(answer, h11.Response) or answer.status_code != 200:
            raise await _refused(connection, wire, answer)
        yield None
        rest = b""
        while isinstance(event := await _event(connection, wire), h11.Data):
            *lines, rest = (rest + bytes(event.data)).split(b"\n")
            for line in lines:
                yield json.loads(line)
    finally:
        connection.close()


async def done(engine_socket: Path, method: str, path: str) -> None:
    """Have the engine do something about which it says no more than that it is done; raises as it answers."""
    connection = await _connected(engine_socket)
    try:
        headers = [("Host", "docker"), ("Content-Length", "0")]
        wire = await _asked(
            connection, h11.Request(method=method, target=f"/v{API_VERSION}{path}", headers=headers), b""
        )
        answer = await _event(connection, wire)
        if not isinstance(answer, h11.Response) or answer.status_code >= 400:
            raise await _refused(connection, wire, answer)
    finally:
        connection.close()


async def _connected(engine_socket: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        with translated():
            await asyncio.get_running_loop().sock_connect(connection, str(engine_socket))
    except BaseException:
        connection.close()
        raise
    return connection


async def _asked(connection: socket.socket, request: h11.Request, content: bytes) -> h11.Connection:
    wire = h11.Connection(h11.CLIENT)
    head = wire.send(request) or b""
    data = wire.send(h11.Data(data=content)) or b""
    end = wire.send(h11.EndOfMessage()) or b""
    with translated():
        await asyncio.get_running_loop().sock_sendall(connection, head + data + end)
    return wire


async def _event(connection: socket.socket, wire: h11.Connection) -> h11.Event | type[h11.PAUSED]:
    """The next thing the engine says."""
    with translated():
        while (event := wire.next_event()) is h11.NEED_DATA:
            wire.receive_data(await asyncio.get_running_loop().sock_recv(connection, CHUNK))
    if isinstance(event, h11.ConnectionClosed):
        raise EngineError("the engine hung up before its answer")
    return event  # type: ignore[return-value]  # h11 types NEED_DATA, which the loop excludes, by a metaclass


async def _refused(connection: socket.socket, wire: h11.Connection, answer: object) -> EngineError:
    """The engine's own words for what it did not do."""
    if not isinstance(answer, h11.Response):
        return EngineError("the engine did not answer in HTTP's order")
    body = b""
    while isinstance(event := await _event(connection, wire), h11.Data) and len(body) < CHUNK:
        body += bytes(event.data)
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = body.decode(errors="replace")
    return refusal(answer.status_code, message)
