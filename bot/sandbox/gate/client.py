"""Writing to a client: every head is made here, from known parts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from http import HTTPStatus

Headers = Iterable[tuple[str, str]]

ALWAYS = (
    ("Api-Version", "1.41"),
    ("Docker-Experimental", "false"),
    ("Ostype", "linux"),
    ("Server", "Docker/20.10 (linux)"),
)
"""What the engine's own answers carry, so that the CLI finds its version."""
LINGER_SECONDS = 2.0
"""A client that was refused reads its answer in a moment; who goes on sending gets no more of our time."""
LINGER_BYTES = 64 * 1024 * 1024
"""The largest archive: `docker cp` sends all of it before it looks at the answer."""
RAW_TYPE = "application/vnd.docker.raw-stream"


def head(status: int, headers: Headers) -> bytes:
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Status"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in (*ALWAYS, *headers))]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def raw_head(*, upgraded: bool) -> bytes:
    """The head before a raw stream, in the engine's own two forms."""
    if upgraded:
        start = f"HTTP/1.1 101 UPGRADED\r\nContent-Type: {RAW_TYPE}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    else:
        start = f"HTTP/1.1 200 OK\r\nContent-Type: {RAW_TYPE}\r\n\r\n"
    return start.encode("ascii")


def whole(status: int, headers: Headers, body: bytes, *, method: str, close: bool) -> bytes:
    """A complete answer; HEAD and 204 have no body."""
    extra: list[tuple[str, str]] = list(headers)
    if status not in (204, 304):
        extra.append(("Content-Length", str(len(body))))
    if close:
        extra.append(("Connection", "close"))
    return head(status, extra) + (b"" if method == "HEAD" or status in (204, 304) else body)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


async def linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End our side and read what the client still sends: closing over unread bytes would reset what it has not read."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            if writer.can_write_eof():
                writer.write_eof()
            rest = LINGER_BYTES
            while rest > 0 and (data := await reader.read(64 * 1024)):
                rest -= len(data)
