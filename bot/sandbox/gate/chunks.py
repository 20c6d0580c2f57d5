"""The engine's chunked body: each line of a log is a chunk of its own, and there may be a hundred thousand in a second.
h11 takes ten times as long for each, on the event loop that is everybody's."""

from __future__ import annotations

import asyncio

MANY = 64
"""Chunks in one look from which on they are crumbs."""
CRUMB_SECONDS = 20e-6
"""What a lab's streams rest for each crumb, together: twenty times as long as it took."""


class Chunks:
    """Takes the bytes as they come and gives what they carry. The engine is the one that frames them."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0
        """Bytes of the chunk that is under way, the line's end behind it included."""
        self.over = False

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces of chunks in `data`, after what came before. Raises ValueError for bytes that are no chunks."""
        data = self._rest + data
        found: list[bytes] = []
        position = self._go_on(data, found)
        while not self._left and not self.over and (end := data.find(b"\r\n", position)) >= 0:
            size = int(data[position:end], 16)
            position, stop = end + 2, end + 2 + size
            if size and data[stop : stop + 2] == b"\r\n":
                found.append(data[position:stop])
                position = stop + 2
            else:
                self._left, self.over = size + 2, size == 0
                position += self._go_on(data[position:], found)
        self._rest = data[position:]
        return found

    def _go_on(self, data: bytes, found: list[bytes]) -> int:
        """What is there of the chunk that is under way; how many bytes that was."""
        if not self._left:
            return 0
        piece = data[: self._left - 2]
        if piece:
            found.append(piece)
        self._left -= len(piece)
        if self._left > 2 or len(data) < len(piece) + 2:
            return len(piece)
        if data[len(piece) : len(piece) + 2] != b"\r\n":
            raise ValueError("a chunk does not end where it says")
        self._left = 0
        return len(piece) + 2


class Crumbs:
    """The rests that one lab's streams of crumbs take, one after the other, however many streams they are."""

    def __init__(self) -> None:
        self._line = asyncio.Lock()

    async def rest(self, number: int) -> None:
        if number >= MANY:
            async with self._line:
                await asyncio.sleep(number * CRUMB_SECONDS)
