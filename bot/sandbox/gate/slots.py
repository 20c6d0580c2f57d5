"""Counting what a lab may have only so many of."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class Slots:
    """At most `most` at a time; a full house is an answer, not a wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0

    @contextlib.contextmanager
    def one(self, counted: bool = True) -> Iterator[bool]:
        """Takes a slot for the time of the block; gives whether there was one (always, when it does not count)."""
        free = not counted or self.taken < self._most
        held = int(counted and free)
        self.taken += held
        try:
            yield free
        finally:
            self.taken -= held
