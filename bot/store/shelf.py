"""Which images each lab has pulled or run: its own view of the engine's one image store."""

from __future__ import annotations

from bot.identity import LabId
from bot.store.database import Database


class Shelf:
    """References as the gate writes them (`repository:tag`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def references(self, lab: LabId) -> frozenset[str]:
        rows = await self._database.rows("SELECT reference FROM shelf WHERE lab_id = ?", (lab,))
        return frozenset(reference for (reference,) in rows)

    async def add(self, lab: LabId, reference: str) -> None:
        """Raises LabClosed when the lab has no record (any more)."""
        await self._database.rows("INSERT INTO shelf VALUES (?, ?) ON CONFLICT DO NOTHING", (lab, reference))

    async def remove(self, lab: LabId, reference: str) -> None:
        await self._database.rows("DELETE FROM shelf WHERE lab_id = ? AND reference = ?", (lab, reference))
