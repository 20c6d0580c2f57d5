"""Who ran what: for an operator who must find out who misused a lab, and for nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.identity import Scope
from bot.store.database import Database
from bot.store.scopes import key
from bot.store.times import to_seconds

KEPT_FOR = timedelta(days=30)
"""Long enough to follow up a complaint, short enough not to be a diary."""
KEPT_ROWS = 100_000
"""About 15 MB; a day of 100 busy learners is some 20,000 lines."""
PRUNE_EVERY = 256
"""Counting with each line would double its cost; until the next time at most this many lines are too many."""
PRUNE_PAUSE = timedelta(hours=1)
"""How long a line may stay beyond its time."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: datetime
    scope: Scope
    user_id: int
    command: str


class Audit:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._pruned: datetime | None = None

    async def add(self, entry: AuditEntry) -> None:
        """Write a line down; beyond so many, the oldest go as new ones come."""
        rows = await self._database.rows(
            "INSERT INTO audit (at, chat_id, topic_id, user_id, command) VALUES (?, ?, ?, ?, ?) RETURNING id",
            (to_seconds(entry.at), *key(entry.scope), entry.user_id, entry.command),
        )
        newest = int(rows[0][0])
        if newest % PRUNE_EVERY == 0:
            await self._database.rows("DELETE FROM audit WHERE id <= ?", (newest - KEPT_ROWS,))

    async def prune(self, now: datetime) -> None:
        """Lines that were kept long enough go, also when nobody runs anything; looked for from time to time."""
        if self._pruned is None or now >= self._pruned + PRUNE_PAUSE:
            await self._database.rows("DELETE FROM audit WHERE at < ?", (to_seconds(now - KEPT_FOR),))
            self._pruned = now

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
