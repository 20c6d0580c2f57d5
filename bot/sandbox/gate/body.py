"""A client's request body: read strictly, bounded in size and time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from bot.sandbox.gate.faults import BadRequest, ConnectionOver
from bot.sandbox.gate.head import Head

READ_SECONDS = 20.0
"""A JSON body comes in one burst; who takes longer holds a connection for nothing."""
PIECE = 64 * 1024
MAX_CHUNK = 16 * 1024 * 1024
"""The CLI's chunks have 32 KiB; a bound, so that a size has seven digits at most."""

MANY_CHUNKS, LEAST_CHUNK = 64, 128
"""Chunks of any size, and bytes that those beyond them must have on average: each costs a turn of this loop. A tar
that its writer does not gather comes in pieces of some hundred bytes."""
CHUNKS_AT_ONCE = 32
"""Chunks that are there already are read one after the other without a wait; after so many, others have their turn."""

_SIZE = re.compile(rb"[0-9a-fA-F]{1,7}\r\n")
"""No sign, prefix, blank, underscore or extension: sizes that some reader takes otherwise."""


async def read_body(reader: asyncio.StreamReader, head: Head, limit: int) -> bytes:
    """The whole body; raises BadRequest (413 above `limit`, 408 when it does not come)."""
    if head.length > limit:
        raise BadRequest(413, "the request's body is larger than this lab takes")
    try:
        async with asyncio.timeout(READ_SECONDS):
            pieces, size = [], 0
            async for piece in body_pieces(reader, head):
                size += len(piece)
                if size > limit:
                    raise BadRequest(413, "the request's body is larger than this lab takes")
                pieces.append(piece)
            return b"".join(pieces)
    except TimeoutError:
        raise BadRequest(408, "the request's body did not come in time") from None


async def body_pieces(reader: asyncio.StreamReader, head: Head) -> AsyncIterator[bytes]:
    """The body as it comes; raises BadRequest or ConnectionOver."""
    try:
        if not head.chunked:
            async for piece in _exactly(reader, head.length):
                yield piece
            return
        chunks = total = 0
        while size := await _chunk_size(reader):
            chunks, total = chunks + 1, total + size
            if chunks > MANY_CHUNKS + total // LEAST_CHUNK:
                raise BadRequest(413, "the request's body comes in more pieces than this lab takes")
            if chunks % CHUNKS_AT_ONCE == 0:
                await asyncio.sleep(0)
            async for piece in _exactly(reader, size):
                yield piece
            await _line_end(reader)
        await _line_end(reader)  # no trailers: nothing that the CLI sends has any
    except (asyncio.IncompleteReadError, ConnectionError):
        raise ConnectionOver from None


async def _exactly(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while size:
        piece = await reader.read(min(size, PIECE))
        if not piece:
            raise ConnectionOver
        size -= len(piece)
        yield piece


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise BadRequest(400, "a chunk's size cannot be read") from None
    if not _SIZE.fullmatch(line):
        raise BadRequest(400, "a chunk's size cannot be read")
    size = int(line[:-2], 16)
    if size > MAX_CHUNK:
        raise BadRequest(413, "a chunk is larger than this lab takes")
    return size


async def _line_end(reader: asyncio.StreamReader) -> None:
    if await reader.readexactly(2) != b"\r\n":
        raise BadRequest(400, "a chunk does not end where it says")
