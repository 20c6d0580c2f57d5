"""Archives on their way, each whole in a file without a name: neither side ever waits for the other one.

The engine locks a container for as long as an archive goes in or out of it, and whoever asks about the container waits
for that lock. So it reads and writes at the speed of this host's disk, whatever the client does.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO

from bot.sandbox.gate.slots import Slots

SPOOLS = 32
"""For all labs together: two gigabytes of the host's disk."""
SPOOLS_OF_LAB = 2
"""One is read by a slow client while another one copies."""
PIECE = 256 * 1024


class NoRoom(Exception):
    """The host's disk does not take it."""


class Spool:
    """Filled once, then read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    async def fill(self, pieces: AsyncIterator[bytes], most: int) -> bool:
        """Keep the pieces; False as soon as they are more than `most` bytes. Raises NoRoom."""
        size = 0
        try:
            async for piece in pieces:
                size += len(piece)
                if size > most:
                    return False
                await asyncio.to_thread(self._write, piece)
        except OSError as error:
            raise NoRoom(error.strerror) from error
        return True

    def _write(self, piece: bytes) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 - `close` is below
        left = memoryview(piece)
        while left:
            left = left[self._file.write(left) :]

    async def pieces(self) -> AsyncIterator[bytes]:
        """What was kept, from its beginning."""
        file = self._file
        if file is None:
            return
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class Spools:
    """All that there may be at a time."""

    def __init__(self, folder: Path, most: int = SPOOLS) -> None:
        self._folder = folder
        self._slots = Slots(most)

    @contextlib.contextmanager
    def one(self, of_lab: Slots) -> Iterator[Spool | None]:
        """A spool for the time of the block, or None when the lab or the host has as many as it may."""
        with of_lab.one() as free, self._slots.one(free) as room:
            spool = Spool(self._folder) if free and room else None
            try:
                yield spool
            finally:
                if spool is not None:
                    spool.close()
