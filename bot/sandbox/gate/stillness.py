"""Times in which nothing of a lab runs or starts, for what the engine does with its files.

For `docker cp`, and to fill a new volume, the engine resolves paths among files that the lab's processes can change at
the same moment: a symbolic link put in between leads it, as the host's root, to the host's own files (CVE-2026-41568
and CVE-2026-42306 are of that kind; the three files that the engine mounts into every container are enough for it).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.guard.verdict import Refuse
from bot.identity import LabId
from bot.sandbox.gate.protocols import Freezer
from bot.sandbox.turns import Turns

FREEZE_SECONDS = 2.0
"""A lab of some hundred processes stands still in less than a millisecond, unless one of them waits for a disk."""
LOOK_SECONDS = 0.002
NOT_STILL = Refuse(
    503, "not-still", "this lab's programs could not be held still for it; stop them, or try again in a moment"
)


class Stillness:
    """One lab's."""

    def __init__(self, lab: LabId, turns: Turns, freezer: Freezer) -> None:
        self._lab = lab
        self._turns = turns
        self._freezer = freezer

    @property
    def alone(self) -> asyncio.Lock:
        """While it is held, nothing of the lab is started by its learner."""
        return self._turns.lab(self._lab)

    @asynccontextmanager
    async def frozen(self) -> AsyncIterator[bool]:
        """Nothing of the lab runs inside; gives whether that could be had. Only while `alone` is held."""
        try:
            self._freezer.freeze(self._lab)
            yield await self._stands_still()
        finally:
            self._freezer.thaw(self._lab)

    def end(self) -> None:
        """Have every process of the lab end instead of going on."""
        self._freezer.end(self._lab)

    async def _stands_still(self) -> bool:
        deadline = time.monotonic() + FREEZE_SECONDS
        while not self._freezer.frozen(self._lab):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True
