"""Who waits for a lab while the host is full, in the order in which they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.identity import Scope
from bot.store.database import Database, Row
from bot.store.scopes import key, scope_of
from bot.store.times import from_seconds, to_seconds


@dataclass(frozen=True, slots=True)
class Queued:
    """A conversation in the queue, and the command that it came with."""

    scope: Scope
    user_id: int
    user_name: str
    command: str
    chapter: str | None = None
    step: str | None = None
    kept_until: datetime | None = None
    """They were called, and their place is kept so long."""


class Queue:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, one: Queued) -> None:
        """At the end; who is in the queue keeps the place."""
        kept_until = to_seconds(one.kept_until) if one.kept_until else None
        await self._database.rows(
            "INSERT INTO queue (chat_id, topic_id, user_id, user_name, command, chapter, step, kept_until) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chat_id, topic_id) DO UPDATE SET user_id = excluded.user_id, "
            "user_name = excluded.user_name, command = excluded.command, chapter = excluded.chapter, "
            "step = excluded.step, kept_until = excluded.kept_until",
            (*key(one.scope), one.user_id, one.user_name, one.command, one.chapter, one.step, kept_until),
        )

    async def remove(self, scope: Scope) -> None:
        await self._database.rows("DELETE FROM queue WHERE chat_id = ? AND topic_id = ?", key(scope))

    async def all(self) -> tuple[Queued, ...]:
        rows = await self._database.rows(
            "SELECT chat_id, topic_id, user_id, user_name, command, chapter, step, kept_until FROM queue "
            "ORDER BY number"
        )
        return tuple(_queued(row) for row in rows)


def _queued(row: Row) -> Queued:
    chat_id, topic_id, user_id, user_name, command, chapter, step, kept_until = row
    kept = from_seconds(kept_until) if kept_until is not None else None
    return Queued(scope_of(chat_id, topic_id), user_id, user_name, command, chapter, step, kept)
