"""What a restart breaks off, and what people are told of then: commands that wait for their turn, demos that play."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.identity import Scope
from bot.store.database import Database, Statements
from bot.store.inbox import settled
from bot.store.scopes import key, scope_of


class Kind(StrEnum):
    LINE = "line"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """As the file has it; `message_id` is the message that speaks of it, once there is one."""

    number: int
    scope: Scope
    kind: Kind
    user_id: int
    user_name: str
    message_id: int | None = None


class UnfinishedWork:
    """A record exists until the line has become a command, or the demo is over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, scope: Scope, kind: Kind, user_id: int, user_name: str, *, update: int | None) -> int:
        """The number by which the others know it; the update that asked for it is done by that."""

        def insert(statements: Statements) -> int:
            settled(statements, update)
            rows = statements.rows(
                "INSERT INTO unfinished (chat_id, topic_id, kind, user_id, user_name) "
                "VALUES (?, ?, ?, ?, ?) RETURNING number",
                (*key(scope), kind, user_id, user_name),
            )
            return int(rows[0][0])

        return await self._database.do(insert, durable=True)

    async def posted(self, number: int, message_id: int) -> None:
        await self._database.rows("UPDATE unfinished SET message_id = ? WHERE number = ?", (message_id, number))

    async def over(self, number: int) -> None:
        await self._database.do(lambda statements: finished(statements, number))

    async def left(self) -> tuple[Unfinished, ...]:
        """All of it, oldest first."""
        rows = await self._database.rows(
            "SELECT number, chat_id, topic_id, kind, user_id, user_name, message_id FROM unfinished ORDER BY number"
        )
        return tuple(
            Unfinished(number, scope_of(chat_id, topic_id), Kind(kind), *rest)
            for number, chat_id, topic_id, kind, *rest in rows
        )


def finished(statements: Statements, number: int | None) -> None:
    """The same as a part of what comes of it; None: it had no record."""
    if number is not None:
        statements.rows("DELETE FROM unfinished WHERE number = ?", (number,))
