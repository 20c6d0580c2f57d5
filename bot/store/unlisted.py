"""Members of a group who do not want to be listed in its progress."""

from __future__ import annotations

from bot.identity import Scope
from bot.store.database import Database
from bot.store.scopes import key


class Unlisted:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, scope: Scope) -> frozenset[int]:
        """The ids of those who are left out."""
        rows = await self._database.rows("SELECT user_id FROM unlisted WHERE chat_id = ? AND topic_id = ?", key(scope))
        return frozenset(user_id for (user_id,) in rows)

    async def leave(self, scope: Scope, user_id: int) -> None:
        await self._database.rows(
            "INSERT INTO unlisted VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (*key(scope), user_id)
        )

    async def rejoin(self, scope: Scope, user_id: int) -> None:
        await self._database.rows(
            "DELETE FROM unlisted WHERE chat_id = ? AND topic_id = ? AND user_id = ?", (*key(scope), user_id)
        )
