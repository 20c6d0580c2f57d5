"""Which lab belongs to which conversation, and where it is in its life."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.identity import LabId, Scope
from bot.store.database import Database, Row, Statements
from bot.store.scopes import key, scope_of
from bot.store.times import from_seconds, to_seconds

_NEW = "lab_id, chat_id, topic_id, state, opened_at, last_used_at, ends_at, opened_by"
_COLUMNS = f"{_NEW}, extensions, extended_for"


class LabState(StrEnum):
    """A lab's life; a lab that is absent has no record."""

    OPENING = "opening"
    OPEN = "open"
    PARKED = "parked"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class LabRecord:
    lab_id: LabId
    scope: Scope
    state: LabState
    opened_at: datetime
    last_used_at: datetime
    ends_at: datetime
    opened_by: int = 0
    """Who opened it, also from its rest; 0: nobody knows."""
    extensions: int = 0
    """How often its end was put off."""
    extended_for: int | None = None
    """The update that asked for the last time of these; None: there was none."""


class Labs:
    """A record exists from before the engine's first object of a lab to after its last, so leftovers have an owner."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(
        self, scope: Scope, lab_id: LabId, *, now: datetime, ends_at: datetime, opened_by: int = 0
    ) -> LabRecord:
        """The lab of this scope; a new one with this id, in OPENING, when the scope has none."""
        moments = (to_seconds(now), to_seconds(now), to_seconds(ends_at))
        values = (lab_id, *key(scope), LabState.OPENING, *moments, opened_by)

        def ensured(statements: Statements) -> Row:
            statements.rows(
                f"INSERT INTO labs ({_NEW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chat_id, topic_id) DO NOTHING",
                values,
            )
            return statements.rows(f"SELECT {_COLUMNS} FROM labs WHERE chat_id = ? AND topic_id = ?", key(scope))[0]

        return _record(await self._database.do(ensured))

    async def get(self, lab_id: LabId) -> LabRecord | None:
        rows = await self._database.rows(f"SELECT {_COLUMNS} FROM labs WHERE lab_id = ?", (lab_id,))
        return _record(rows[0]) if rows else None

    async def of(self, scope: Scope) -> LabRecord | None:
        rows = await self._database.rows(f"SELECT {_COLUMNS} FROM labs WHERE chat_id = ? AND topic_id = ?", key(scope))
        return _record(rows[0]) if rows else None

    async def all(self) -> tuple[LabRecord, ...]:
        rows = await self._database.rows(f"SELECT {_COLUMNS} FROM labs ORDER BY opened_at, lab_id")
        return tuple(_record(row) for row in rows)

    async def set_state(self, lab_id: LabId, state: LabState) -> None:
        await self._database.rows("UPDATE labs SET state = ? WHERE lab_id = ?", (state, lab_id))

    async def woken(self, lab_id: LabId) -> None:
        """A lab that rested runs again, by the bot's own start; any other state is left as it is."""
        change = "UPDATE labs SET state = ? WHERE lab_id = ? AND state = ?"
        await self._database.rows(change, (LabState.OPEN, lab_id, LabState.PARKED))

    async def touch(self, lab_id: LabId, now: datetime) -> None:
        """Somebody used the lab; never moves the time back."""
        await self._database.rows(
            "UPDATE labs SET last_used_at = max(last_used_at, ?) WHERE lab_id = ?", (to_seconds(now), lab_id)
        )

    async def opened_by(self, lab_id: LabId, user_id: int) -> None:
        """Somebody else has opened it again: from now on it counts for them."""
        await self._database.rows("UPDATE labs SET opened_by = ? WHERE lab_id = ?", (user_id, lab_id))

    async def extend(self, lab_id: LabId, ends_at: datetime, update: int | None = None) -> None:
        """Put the end off, and count that; `update` asked for it."""
        await self._database.rows(
            "UPDATE labs SET ends_at = ?, extensions = extensions + 1, extended_for = ? WHERE lab_id = ?",
            (to_seconds(ends_at), update, lab_id),
        )

    async def set_end(self, lab_id: LabId, ends_at: datetime) -> None:
        await self._database.rows("UPDATE labs SET ends_at = ? WHERE lab_id = ?", (to_seconds(ends_at), lab_id))

    async def remove(self, lab_id: LabId) -> None:
        """Forget the lab with its pages, its image shelf and its remembered containers."""
        await self._database.rows("DELETE FROM labs WHERE lab_id = ?", (lab_id,))

    async def remember_running(self, containers: Mapping[LabId, Collection[str]]) -> None:
        """At a clean stop: which containers ran, so that the next start can run them again."""

        def remember(statements: Statements) -> None:
            statements.rows("DELETE FROM running_containers")
            for lab_id, container_ids in containers.items():
                for container_id in sorted(set(container_ids)):
                    statements.rows("INSERT INTO running_containers VALUES (?, ?)", (lab_id, container_id))

        await self._database.do(remember)

    async def remembered_running(self) -> dict[LabId, tuple[str, ...]]:
        """What `remember_running` kept; to be forgotten when it runs again, so that a crash before that loses none."""
        kept: dict[LabId, tuple[str, ...]] = {}
        for lab_id, container_id in await self._database.rows(
            "SELECT lab_id, container_id FROM running_containers ORDER BY 1, 2"
        ):
            kept[lab_id] = (*kept.get(lab_id, ()), container_id)
        return kept


def _record(row: Row) -> LabRecord:
    lab_id, chat_id, topic_id, state, opened_at, last_used_at, ends_at, opened_by, extensions, update = row
    opened, used, ends = map(from_seconds, (opened_at, last_used_at, ends_at))
    owner = scope_of(chat_id, topic_id)
    return LabRecord(LabId(lab_id), owner, LabState(state), opened, used, ends, opened_by, extensions, update)
