"""Hijacked streams: raw bytes both ways, half-close carried, never more in memory than the sockets' bounds.

The bytes go from one transport to the other as they come: a task that reads and writes for each piece would halve the
speed. What costs is not the bytes but the turns of the event loop: the engine writes 32 KiB at a time, and who wakes
for each such piece takes from the engine the processor that it writes with. So a side that has read much lets the next
bytes gather for a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from bot.sandbox.gate.faults import ConnectionOver
from bot.sandbox.gate.listening import ClientReader, hung_up
from bot.sandbox.gate.patience import STALL_SECONDS
from bot.tasks import TaskShelf

HELD = 512 * 1024
"""More than a stream reader can have read already: twice its limit of 64 KiB, and one read of asyncio's, 256 KiB."""
ROOM = memoryview(bytearray(256 * 1024))
"""What is read at once: all that a unix socket of Linux holds by default. One for all streams, because a piece is read
into it and copied out of it in one call of the event loop."""
MUCH = 16 * 1024
"""A piece from which on more of the same is expected; typing and the screens of programs come in smaller ones."""
REST_SECONDS = 0.001
"""As long as the event loop's clock is fine: three of the engine's pieces at its full speed on two cores."""
FULL = 128 * 1024
"""What a socket holds, nearly: whoever writes may have had to wait for the end of the rest."""
STRAIGHT = 4
"""Pieces that are then taken without a rest: with processors to spare, a rest would be lost time."""


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


class Rest:
    """When one end of a stream should not be read for a moment, so that more is there at the next look.

    A writer that had to wait meanwhile is then read without rests for some pieces.
    """

    def __init__(self, over: Callable[[], None]) -> None:
        self._over = over
        self._timer: asyncio.TimerHandle | None = None
        self._rested = False
        self._straight = 0

    @property
    def on(self) -> bool:
        return self._timer is not None

    def due(self, nbytes: int) -> bool:
        """Whether to rest after a piece of this size."""
        if self._rested:
            self._rested = False
            self._straight = STRAIGHT if nbytes >= FULL else 0
        if nbytes < MUCH:
            return False
        self._straight -= 1
        return self._straight < 0

    def begin(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(REST_SECONDS, self.ended)

    def ended(self) -> None:
        """What was waited for is there; the next piece tells whether it was too long."""
        self._timer, self._rested = None, True
        self._over()

    def end(self) -> None:
        """No more: the stream is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Side(asyncio.BufferedProtocol):
    """One end of a raw stream: what it says is written to the other one, and while that one does not read, it waits.

    `patience`: seconds after which this end is cut off when it has not read a byte of what waits for it.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float | None) -> None:
        assert isinstance(writer.transport, asyncio.Transport)
        self.transport = writer.transport
        self.ended = asyncio.Event()
        self._reader = reader
        self._before = self.transport.get_protocol()
        self._patience = patience
        self._timer: asyncio.TimerHandle | None = None
        self._held = False
        self._rest = Rest(self._go_on)
        self._other = self

    def take(self, other: Side) -> None:
        """From now on this side's bytes are this object's; none is read before `start`."""
        self._other = other
        self.transport.pause_reading()
        self.transport.set_protocol(self)

    async def start(self) -> None:
        """What the stream reader had read already goes first."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(0):  # nothing new comes in, so it is there now or not at all
                self._pass(await self._reader.read(HELD))
        if self._reader.at_eof():
            self._end()
        else:
            self._go_on()

    def give_back(self) -> None:
        """The connection's streams get what still comes."""
        self._forget_timer()
        self._rest.end()
        if not self.transport.is_closing():
            self.transport.set_protocol(self._before)
            self.transport.resume_reading()

    def get_buffer(self, sizehint: int) -> memoryview:
        return ROOM

    def buffer_updated(self, nbytes: int) -> None:
        self._pass(bytes(ROOM[:nbytes]))  # a copy, since the transport may keep what it cannot send at once
        if self._rest.due(nbytes):
            self.transport.pause_reading()
            self._rest.begin()

    def _pass(self, data: bytes) -> None:
        if data and not self._other.transport.is_closing():
            self._other.transport.write(data)

    def eof_received(self) -> bool:
        self._reader.feed_eof()
        self._end()
        return True  # a half-close: `echo hi | docker run -i …` still wants its answer

    def _end(self) -> None:
        with contextlib.suppress(OSError):
            if not self._other.transport.is_closing():
                self._other.transport.write_eof()
        self.ended.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_timer()
        self._rest.end()
        self._before.connection_lost(exc)
        self._end()

    def pause_writing(self) -> None:
        """This side does not read as fast as the other one speaks."""
        self._other.hold(True)
        self._look_again()

    def resume_writing(self) -> None:
        self._forget_timer()
        self._other.hold(False)

    def hold(self, held: bool) -> None:
        self._held = held
        if held:
            self.transport.pause_reading()
        else:
            self._go_on()

    def _go_on(self) -> None:
        """Read again, unless one of the two reasons to wait is left."""
        if not self._held and not self._rest.on:
            self.transport.resume_reading()

    def _look_again(self) -> None:
        if self._patience is not None:
            waits = self.transport.get_write_buffer_size()
            self._timer = asyncio.get_running_loop().call_later(self._patience, self._stalled, waits)

    def _stalled(self, waited: int) -> None:
        if self.transport.get_write_buffer_size() < waited:
            self._look_again()
        else:
            self.transport.abort()

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def join(
    reader: ClientReader,
    writer: asyncio.StreamWriter,
    engine_reader: asyncio.StreamReader,
    engine_writer: asyncio.StreamWriter,
) -> None:
    """Carry both directions until the engine ends. The client's end only half-closes."""
    client, engine = Side(reader, writer, STALL_SECONDS), Side(engine_reader, engine_writer, None)
    client.take(engine)
    engine.take(client)
    try:
        async with watching(reader, writer, engine_writer):
            await client.start()
            await engine.start()
            await engine.ended.wait()
    finally:
        client.give_back()
        engine.give_back()
