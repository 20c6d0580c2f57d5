"""What a terminal has printed and nobody has read yet: bounded by its bytes, however many pieces they came in."""

from __future__ import annotations

import asyncio
from collections import deque

PIECE = 64
"""Bytes that a piece counts for beside its own: about what Python needs to keep it, so that small ones are bounded."""


class Backlog:
    """From one writer to one reader. An empty piece and None are marks that the two agree on; they keep their place."""

    def __init__(self, most: int) -> None:
        """`most`: bytes from which on there is no room."""
        self._most = most
        self._pieces: deque[bytes | None] = deque()
        self._unread = 0
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()

    @property
    def full(self) -> bool:
        return self._unread >= self._most

    async def room(self) -> None:
        """Wait until there is room."""
        await self._emptied.wait()

    def add(self, piece: bytes | None) -> None:
        """Whether there is room or not: the writer waits for it before it takes the next piece from its source."""
        self._count(piece, 1)
        self._pieces.append(piece)
        self._filled.set()

    async def take(self) -> bytes | None:
        """The oldest piece, as soon as there is one."""
        while not self._pieces:
            self._filled.clear()
            await self._filled.wait()
        piece = self._pieces.popleft()
        self._count(piece, -1)
        return piece

    def clear(self) -> None:
        """Forget what is unread."""
        self._pieces.clear()
        self._unread = 0
        self._emptied.set()

    def _count(self, piece: bytes | None, sign: int) -> None:
        self._unread += sign * (len(piece or b"") + PIECE)
        if self.full:
            self._emptied.clear()
        else:
            self._emptied.set()
