"""Hijacked streams: raw bytes both ways, half-close carried, never more in memory than the sockets' bounds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from bot.sandbox.gate.faults import ConnectionOver
from bot.sandbox.gate.listening import ClientReader, hung_up
from bot.tasks import TaskShelf

PIECE = 256 * 1024


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bytes until the reader's end, then the writer's half-close. A side that is gone ends the copy quietly."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


@contextlib.asynccontextmanager
async def watching(
    reader: ClientReader, writer: asyncio.StreamWriter, engine: asyncio.StreamWriter
) -> AsyncIterator[None]:
    """Inside, the engine's connection is cut as soon as the client is gone, even if neither says a word.

    Raises ConnectionOver then, whatever the cut connection raised.
    """
    tasks = TaskShelf()

    async def watch() -> None:
        await hung_up(reader, writer)
        engine.transport.abort()

    task = tasks.start(watch(), name="gate client watch")
    try:
        yield
    finally:
        gone = task.done()
        await tasks.close()
        if gone:
            raise ConnectionOver


async def join(
    reader: ClientReader,
    writer: asyncio.StreamWriter,
    engine_reader: asyncio.StreamReader,
    engine_writer: asyncio.StreamWriter,
) -> None:
    """Carry both directions until the engine ends. The client's end only half-closes: `echo hi | docker run -i …`
    still wants its answer."""
    tasks = TaskShelf()
    tasks.start(copy(reader, engine_writer), name="gate stream up")
    try:
        async with watching(reader, writer, engine_writer):
            await copy(engine_reader, writer)
    finally:
        await tasks.close()
