"""A command's whole output as text, within bounds: the beginning and the end are kept, the middle is counted."""

from __future__ import annotations

from collections import deque
from typing import Final

HEAD_CHARACTERS: Final = 256 * 1024
"""Kept of the beginning: where a build or an install says what it is about to do."""

TAIL_CHARACTERS: Final = 768 * 1024
"""Kept of the end. Together a MiB of ASCII: ten thousand lines, and still a small document for Telegram (50 MB)."""

MAX_LINE: Final = 16 * 1024
"""A line longer than this is cut into several: `tr -d '\\n'` may not build one endless string."""


class Log:
    """Lines that have left the screen. `lines` counts all of them, `dropped` those that were given up."""

    def __init__(self, *, head: int = HEAD_CHARACTERS, tail: int = TAIL_CHARACTERS) -> None:
        self.lines = 0
        self.dropped = 0
        self._head: list[str] = []
        self._head_room = head
        self._tail: deque[str] = deque()
        self._tail_room = tail

    def add(self, line: str) -> None:
        """One finished line, without its line feed."""
        self.lines += 1
        cost = len(line) + 1
        if not self._tail and cost <= self._head_room:
            self._head.append(line)
            self._head_room -= cost
            return
        self._head_room = 0  # what comes after the first line that did not fit belongs to the end
        self._tail.append(line)
        self._tail_room -= cost
        while self._tail_room < 0 and self._tail:
            self._tail_room += len(self._tail.popleft()) + 1
            self.dropped += 1

    def head(self) -> tuple[str, ...]:
        """The first lines."""
        return tuple(self._head)

    def tail(self) -> tuple[str, ...]:
        """The last lines, after `dropped` others."""
        return tuple(self._tail)
