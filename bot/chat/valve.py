"""Holds floods back, so that the bot stays quick for everybody else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from bot.terminal.share import SLICE, Share

Drawn = TypeVar("Drawn")


class Valve:
    """One for the whole bot. What it does not let through waits in the pty, whose program is blocked meanwhile."""

    def __init__(self) -> None:
        self._resting = 0

    async def draw(self, share: Share, work: Callable[[], Drawn]) -> Drawn:
        """Do a little work, then let others work, for as long as its terminal's share asks."""
        began = time.perf_counter()
        drawn = work()
        ended = time.perf_counter()
        rest = share.spend(ended - began, ended, floods=self._resting + 1)
        self._resting += rest > 0
        try:
            await asyncio.sleep(rest)
        finally:
            self._resting -= rest > 0
        return drawn


def slices(data: bytes) -> Iterator[bytes]:
    """Pieces that take little time each."""
    for start in range(0, len(data), SLICE):
        yield data[start : start + SLICE]
