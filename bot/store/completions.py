"""Who completed which step in which conversation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.identity import Scope
from bot.store.database import Database
from bot.store.scopes import key
from bot.store.times import from_seconds, to_seconds


@dataclass(frozen=True, slots=True)
class Completion:
    """One step, done by one person, for the first time; the name is the one they had then."""

    scope: Scope
    user_id: int
    user_name: str
    chapter: str
    step: str
    completed_at: datetime


class Completions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, completion: Completion) -> bool:
        """Keep it; False when this person had completed this step here before (the first time is kept)."""
        added = await self._database.rows(
            "INSERT INTO completions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1",
            (
                *key(completion.scope),
                completion.user_id,
                completion.user_name,
                completion.chapter,
                completion.step,
                to_seconds(completion.completed_at),
            ),
        )
        return bool(added)

    async def of(self, scope: Scope) -> tuple[Completion, ...]:
        """Everybody's completions in this conversation, oldest first."""
        rows = await self._database.rows(
            "SELECT user_id, user_name, chapter, step, completed_at FROM completions "
            "WHERE chat_id = ? AND topic_id = ? ORDER BY completed_at, user_id, chapter, step",
            key(scope),
        )
        return tuple(
            Completion(scope, user_id, user_name, chapter, step, from_seconds(moment))
            for user_id, user_name, chapter, step, moment in rows
        )

    async def steps(self, scope: Scope) -> frozenset[tuple[str, str]]:
        """(chapter, step) pairs done here, by anybody."""
        rows = await self._database.rows(
            "SELECT DISTINCT chapter, step FROM completions WHERE chat_id = ? AND topic_id = ?", key(scope)
        )
        return frozenset((chapter, step) for chapter, step in rows)
