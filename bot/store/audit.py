"""Who ran what: for an operator who must find out who misused a lab, and for nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.identity import Scope
from bot.store.database import Database, Statements
from bot.store.scopes import key
from bot.store.times import to_seconds

KEPT_FOR = timedelta(days=30)
"""Long enough to follow up a complaint, short enough not to be a diary."""
KEPT_ROWS = 100_000
"""About 15 MB; a day of 100 busy learners is some 20,000 lines."""
PRUNE_EVERY = 256
"""Pruning with each line would double its cost; until the next pruning at most this many lines stay too long."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: datetime
    scope: Scope
    user_id: int
    command: str


class Audit:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: AuditEntry) -> None:
        """Write a line down; old lines go as new ones come."""
        rows = await self._database.rows(
            "INSERT INTO audit (at, chat_id, topic_id, user_id, command) VALUES (?, ?, ?, ?, ?) RETURNING id",
            (to_seconds(entry.at), *key(entry.scope), entry.user_id, entry.command),
        )
        newest = int(rows[0][0])
        if newest % PRUNE_EVERY == 0:
            await self._database.do(lambda statements: _prune(statements, newest, entry.at))

    async def people_since(self, moment: datetime) -> int:
        """How many people have run something since then."""
        rows = await self._database.rows(
            "SELECT count(DISTINCT user_id) FROM audit WHERE at >= ?", (to_seconds(moment),)
        )
        return int(rows[0][0])

    async def recent(self, scope: Scope, count: int) -> tuple[tuple[int, str], ...]:
        """The last different commands of a conversation with the numbers of their newest lines, newest first."""
        rows = await self._database.rows(
            "SELECT max(id), command FROM audit WHERE chat_id = ? AND topic_id = ? "
            "GROUP BY command ORDER BY max(id) DESC LIMIT ?",
            (*key(scope), count),
        )
        return tuple((int(number), str(command)) for number, command in rows)

    async def command(self, scope: Scope, number: int) -> str | None:
        """The command with this number, if it is of this conversation and still kept."""
        rows = await self._database.rows(
            "SELECT command FROM audit WHERE id = ? AND chat_id = ? AND topic_id = ?", (number, *key(scope))
        )
        return str(rows[0][0]) if rows else None


def _prune(statements: Statements, newest: int, now: datetime) -> None:
    statements.rows("DELETE FROM audit WHERE id <= ?", (newest - KEPT_ROWS,))
    statements.rows("DELETE FROM audit WHERE at < ?", (to_seconds(now - KEPT_FOR),))
