"""Archives on their way, each whole in a file without a name: neither side ever waits for the other one.

The engine locks a container for as long as an archive goes in or out of it, and whoever asks about the container waits
for that lock. So it reads and writes at the speed of this host's disk, whatever the client does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO

from bot.sandbox.gate.slots import Slots

SPOOLS = 32
"""For all labs together: two gigabytes of the host's disk."""
SPOOLS_OF_LAB = 2
"""One is read by a slow client while another one copies."""
PIECE = 256 * 1024
RATE, GRACE_SECONDS = 1024 * 1024, 5.0
"""Bytes in a second that a client moves, after its first seconds, or its spool is another's when there is none left: a
client here is a program on this host, which moves a hundred times as many unless it waits on purpose."""


class NoRoom(Exception):
    """The host's disk does not take it."""


class TakenBack(TimeoutError):
    """The client was too slow, and another one needed the spool."""


class Spool:
    """Filled once, then read; one side of each is the client's, at its own speed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._used = threading.Lock()
        """Held while a thread reads or writes: a file that is closed under it could be another one by then."""
        self._over = False
        self._clients_since: float | None = None
        self._moved = 0

    @property
    def behind(self) -> float:
        """By how many seconds the client is too slow now; none, while it is the engine's turn."""
        if self._clients_since is None:
            return 0.0
        return time.monotonic() - self._clients_since - GRACE_SECONDS - self._moved / RATE

    async def receive(self, pieces: AsyncIterator[bytes], most: int) -> bool:
        """As `fill`, from the client. Raises TakenBack as well."""
        self._clients_since = time.monotonic()
        try:
            return await self.fill(pieces, most)
        finally:
            self._clients_since = None

    async def fill(self, pieces: AsyncIterator[bytes], most: int) -> bool:
        """Keep the pieces; False as soon as they are more than `most` bytes. Raises NoRoom."""
        size = 0
        async for piece in pieces:
            size += len(piece)
            if size > most:
                return False
            try:
                await asyncio.to_thread(self._write, piece)
            except TakenBack:
                raise
            except OSError as error:
                raise NoRoom(error.strerror) from error
            self._moved = size
        return True

    def _write(self, piece: bytes) -> None:
        with self._in_use():
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 - `close` is below
            left = memoryview(piece)
            while left:
                left = left[self._file.write(left) :]

    async def pieces(self) -> AsyncIterator[bytes]:
        """As `content`, for the client. Raises TakenBack."""
        self._clients_since, self._moved = time.monotonic(), 0
        async for piece in self.content():
            yield piece
            self._moved += len(piece)

    async def content(self) -> AsyncIterator[bytes]:
        """What was kept, from its beginning."""
        offset = 0
        while piece := await asyncio.to_thread(self._read, offset):
            offset += len(piece)
            yield piece

    def _read(self, offset: int) -> bytes:
        with self._in_use():
            return os.pread(self._file.fileno(), PIECE, offset) if self._file is not None else b""

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        try:
            with self._used:
                if self._over:
                    raise TakenBack
                yield
        finally:
            self._end()

    def close(self) -> None:
        """Give the file back, at once or when a thread is done with it; who uses it after that gets TakenBack."""
        self._over = True
        self._end()

    def _end(self) -> None:
        if self._over and self._file is not None and self._used.acquire(blocking=False):
            try:
                self._file.close()
            finally:
                self._used.release()


class Spools:
    """All that there may be at a time."""

    def __init__(self, folder: Path, most: int = SPOOLS) -> None:
        self._folder = folder
        self._most = most
        self._given: set[Spool] = set()

    @contextlib.contextmanager
    def one(self, of_lab: Slots) -> Iterator[Spool | None]:
        """A spool for the time of the block, or None when the lab or the host has as many as it may."""
        with of_lab.one() as free:
            spool = self._new() if free else None
            try:
                yield spool
            finally:
                if spool is not None:
                    self._take(spool)

    def _new(self) -> Spool | None:
        if len(self._given) >= self._most:
            slowest = max(self._given, key=lambda spool: spool.behind)
            if slowest.behind <= 0:
                return None
            self._take(slowest)
        spool = Spool(self._folder)
        self._given.add(spool)
        return spool

    def _take(self, spool: Spool) -> None:
        self._given.discard(spool)
        spool.close()
