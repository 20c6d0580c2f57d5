"""Who waits for a lab while the host is full, and for what, in the order in which they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.identity import Scope
from bot.store.database import Database, Row
from bot.store.scopes import key, scope_of
from bot.store.times import from_seconds, to_seconds

_COLUMNS = "chat_id, topic_id, user_id, user_name, wish, text, chapter, step, kept_until"


class Wish(StrEnum):
    """What somebody wanted when there was no room."""

    RUN = "run"
    """A command; of a step, when it was its button."""
    CHECK = "check"
    """Of a step."""
    DEMO = "demo"
    CARD = "card"
    """A button of the containers' card."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A person who waits in a conversation that waits; `text` is the command, the demo's chapter, the card's button."""

    scope: Scope
    user_id: int
    user_name: str
    wish: Wish
    text: str
    chapter: str | None = None
    step: str | None = None
    kept_until: datetime | None = None
    """They were called, and their place is kept so long."""


class Queue:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, one: Queued) -> None:
        """At the end; who is in the queue keeps the place, with the newer wish."""
        kept_until = to_seconds(one.kept_until) if one.kept_until else None
        await self._database.rows(
            f"INSERT INTO queue ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (chat_id, topic_id, user_id) DO UPDATE SET user_name = excluded.user_name, "
            "wish = excluded.wish, text = excluded.text, chapter = excluded.chapter, step = excluded.step, "
            "kept_until = excluded.kept_until",
            (*key(one.scope), one.user_id, one.user_name, one.wish, one.text, one.chapter, one.step, kept_until),
        )

    async def remove(self, scope: Scope, user_id: int | None = None) -> None:
        """One person there, or the whole conversation."""
        person = () if user_id is None else (user_id,)
        which = "chat_id = ? AND topic_id = ?" + (" AND user_id = ?" if person else "")
        await self._database.rows(f"DELETE FROM queue WHERE {which}", (*key(scope), *person))

    async def all(self) -> tuple[Queued, ...]:
        rows = await self._database.rows(f"SELECT {_COLUMNS} FROM queue ORDER BY number")
        return tuple(_queued(row) for row in rows)


def _queued(row: Row) -> Queued:
    chat_id, topic_id, user_id, user_name, wish, text, chapter, step, kept_until = row
    kept = from_seconds(kept_until) if kept_until is not None else None
    return Queued(scope_of(chat_id, topic_id), user_id, user_name, Wish(wish), text, chapter, step, kept)
