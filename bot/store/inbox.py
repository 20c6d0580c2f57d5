"""What Telegram has handed over: Telegram forgets it with the next poll, so it is here until somebody has done it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.store.database import Database, Statements


@dataclass(frozen=True, slots=True)
class LeftUpdate:
    """An update that was taken in and not done; `starts`: how often a bot has started since, this one included."""

    number: int
    body: str
    starts: int


class Inbox:
    """An update's text is there until it is done, its number until Telegram cannot hand it over once more."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.scrubbed = True
        """Whether the write-ahead log has nothing of what was done."""

    async def take_in(self, bot: str, updates: Mapping[int, str | None]) -> frozenset[int]:
        """Keep the bodies (JSON) of one answer to a poll; the numbers of those that are new.

        None for a body: it is not worth keeping. What was done and is not in this answer will not come again.
        """

        def keep(statements: Statements) -> frozenset[int]:
            places = ", ".join("?" * len(updates))
            statements.rows(f"DELETE FROM inbox WHERE body IS NULL AND update_id NOT IN ({places})", tuple(updates))
            return frozenset(
                number
                for number, body in updates.items()
                if statements.rows(
                    "INSERT INTO inbox (update_id, bot, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1",
                    (number, bot, body),
                )
            )

        return await self._database.do(keep, durable=True)

    async def left(self, bot: str) -> tuple[LeftUpdate, ...]:
        """At a start: what the last run has not done, in its order. What another bot has left is forgotten."""

        def count(statements: Statements) -> list[LeftUpdate]:
            statements.rows("DELETE FROM inbox WHERE bot <> ?", (bot,))
            rows = statements.rows(
                "UPDATE inbox SET starts = starts + 1 WHERE body IS NOT NULL RETURNING update_id, body, starts"
            )
            return [LeftUpdate(*row) for row in rows]

        return tuple(sorted(await self._database.do(count), key=lambda left: left.number))

    async def done(self, numbers: Iterable[int]) -> None:
        """They are done, or noted elsewhere; all in one commit."""

        def settle(statements: Statements) -> None:
            for number in numbers:
                settled(statements, number)

        await self._database.do(settle)
        self.scrubbed = False


def settled(statements: Statements, number: int | None) -> None:
    """The same as a part of what notes it elsewhere; None: no update asked for it."""
    if number is not None:
        statements.rows("UPDATE inbox SET body = NULL WHERE update_id = ?", (number,))
