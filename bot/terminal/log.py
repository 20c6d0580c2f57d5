"""A command's whole output as text, within bounds: the beginning and the end are kept, the middle is counted."""

from __future__ import annotations

from collections import deque
from typing import Final

HEAD_BYTES: Final = 256 * 1024
"""Kept of the beginning: where a build or an install says what it is about to do."""

TAIL_BYTES: Final = 768 * 1024
"""Kept of the end. Together a MiB: ten thousand lines, and still a small document for Telegram (50 MB)."""

MAX_LINE: Final = 16 * 1024
"""A line longer than this many characters is cut into several: `tr -d '\\n'` may not build one endless string."""

_BLOCK_CHARACTERS: Final = 16 * 1024
"""Lines are kept joined in blocks: a million lines of `y` as strings of their own would cost 50 MB."""


class Log:
    """Lines that have left the screen. `lines` counts all of them, `dropped` those that were given up."""

    def __init__(self, *, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> None:
        self.lines = 0
        self.dropped = 0
        self._head: list[bytes] = []
        self._head_room = head
        self._tail: deque[tuple[bytes, int]] = deque()
        self._tail_room = tail
        self._open: list[str] = []
        self._open_size = 0

    def add(self, line: str) -> None:
        """One finished line, without its line feed."""
        self.lines += 1
        self._open.append(line)
        self._open_size += len(line) + 1
        if self._open_size >= _BLOCK_CHARACTERS:
            self._close_block()

    def head(self) -> str:
        """The first lines, as text with line feeds between them; empty when there are none yet."""
        return b"\n".join(self._head).decode()

    def tail(self) -> str:
        """The last lines, after `dropped` others."""
        return "\n".join((*(block.decode() for block, _ in self._tail), *self._open))

    def _close_block(self) -> None:
        block, lines = "\n".join(self._open).encode(), len(self._open)
        self._open, self._open_size = [], 0
        if not self._tail and len(block) <= self._head_room:
            self._head.append(block)
            self._head_room -= len(block)
            return
        self._tail.append((block, lines))
        self._tail_room -= len(block)
        while self._tail_room < 0:
            block, lines = self._tail.popleft()
            self._tail_room += len(block)
            self.dropped += lines
