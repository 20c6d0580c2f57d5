"""What is free on the host: memory as the kernel estimates it, and the engine's disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.learning.capacity import HostRoom
from bot.sandbox.holdings import Inventory
from bot.sandbox.measure import room

MEMINFO = Path("/proc/meminfo")
PLENTY = 1 << 60
"""Where something cannot be measured it does not hold anybody up."""


class Meter:
    """Each look is a read of one small file and one call of the kernel."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    async def free(self) -> HostRoom:
        """Raises EngineError when the engine does not say where its disk is."""
        root = await self._inventory.root()
        return await asyncio.to_thread(_look, root)


def _look(root: Path) -> HostRoom:
    try:
        disk = room(root).free
    except OSError:  # Somebody's engine in a machine of its own.
        disk = PLENTY
    return HostRoom(available(MEMINFO.read_text()), disk)


def available(meminfo: str) -> int:
    """Bytes of `MemAvailable`, which the kernel gives in KiB."""
    line = next((line for line in meminfo.splitlines() if line.startswith("MemAvailable:")), None)
    return int(line.split()[1]) * 1024 if line else PLENTY
