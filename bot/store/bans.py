"""People and chats that the bot does not answer, as its admins said in a chat; the settings may name others."""

from __future__ import annotations

from datetime import datetime

from bot.store.database import Database
from bot.store.times import to_seconds


class Bans:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> frozenset[int]:
        return frozenset(who for (who,) in await self._database.rows("SELECT user_id FROM bans"))

    async def add(self, who: int, now: datetime) -> None:
        await self._database.rows("INSERT INTO bans VALUES (?, ?) ON CONFLICT DO NOTHING", (who, to_seconds(now)))

    async def remove(self, who: int) -> None:
        await self._database.rows("DELETE FROM bans WHERE user_id = ?", (who,))
