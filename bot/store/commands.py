"""The commands whose end a chat has not seen to the last: what a bot that is killed leaves for its next start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.identity import Scope
from bot.store.database import Database, Row, Statements
from bot.store.inbox import settled
from bot.store.scopes import key, scope_of
from bot.store.times import from_seconds, to_seconds
from bot.store.unfinished import finished

_COLUMNS = "number, chat_id, topic_id, begun_at, user_id, user_name, chapter, step, tour, message_id, final"


@dataclass(frozen=True, slots=True)
class Begun:
    """A command that somebody asked for; chapter and step are those of the button, None for a typed one."""

    scope: Scope
    begun_at: datetime
    user_id: int
    user_name: str
    chapter: str | None = None
    step: str | None = None
    tour: bool = False
    """A demo has asked for it."""


@dataclass(frozen=True, slots=True)
class LeftCommand:
    """A command as the file has it."""

    number: int
    begun: Begun
    message_id: int | None
    """The chat's message about it, once there is one."""
    final: str | None
    """The form of its last frame, from the command's end on."""


class Commands:
    """A record exists from before a command's first frame to after all that came of it was said."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, begun: Begun, *, update: int | None = None, line: int | None = None) -> int:
        """The number by which the others know it.

        `update` asked for it and is done by that; `line` is the unfinished work that it was while it waited.
        """
        values = (*key(begun.scope), to_seconds(begun.begun_at), begun.user_id, begun.user_name)

        def insert(statements: Statements) -> int:
            settled(statements, update)
            finished(statements, line)
            rows = statements.rows(
                "INSERT INTO commands (chat_id, topic_id, begun_at, user_id, user_name, chapter, step, tour) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
                (*values, begun.chapter, begun.step, begun.tour),
            )
            return int(rows[0][0])

        return await self._database.do(insert, durable=True)

    async def posted(self, number: int, message_id: int) -> None:
        """Its frames are in this message now."""
        await self._database.rows("UPDATE commands SET message_id = ? WHERE number = ?", (message_id, number))

    async def ended(self, number: int, final: str) -> None:
        """What its message has to show in the end."""
        await self._database.rows("UPDATE commands SET final = ? WHERE number = ?", (final, number))

    async def over(self, number: int) -> None:
        await self._database.rows("DELETE FROM commands WHERE number = ?", (number,))

    async def left(self) -> tuple[LeftCommand, ...]:
        """All of them, oldest first."""
        rows = await self._database.rows(f"SELECT {_COLUMNS} FROM commands ORDER BY number")
        return tuple(_left(row) for row in rows)


def _left(row: Row) -> LeftCommand:
    number, chat_id, topic_id, begun_at, user_id, user_name, chapter, step, tour, message_id, final = row
    scope, moment = scope_of(chat_id, topic_id), from_seconds(begun_at)
    begun = Begun(scope, moment, user_id, user_name, chapter, step, bool(tour))
    return LeftCommand(number, begun, message_id, final)
