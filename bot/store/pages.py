"""The published pages: what must be known to serve them again after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.identity import LabId
from bot.store.database import Database, Row, Statements
from bot.store.times import from_seconds, to_seconds

_COLUMNS = (
    "token, lab_id, container_id, container_name, host_port, container_port, visits, message_id, opened_at, ends_at, "
    "extended_for"
)


class PageFacts(Protocol):
    """What `put` reads from a page, whatever class it is."""

    @property
    def token(self) -> str: ...
    @property
    def lab_id(self) -> LabId: ...
    @property
    def container_id(self) -> str: ...
    @property
    def container_name(self) -> str: ...
    @property
    def host_port(self) -> int: ...
    @property
    def container_port(self) -> int: ...
    @property
    def opened_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def extended_for(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class PageRecord:
    """A page as the file has it; `message_id` is the chat's message about it."""

    token: str
    lab_id: LabId
    container_id: str
    container_name: str
    host_port: int
    container_port: int
    visits: int
    message_id: int | None
    opened_at: datetime
    ends_at: datetime
    extended_for: int | None = None
    """The update that asked for more time last."""


class Pages:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, page: PageFacts) -> None:
        """Add or change; visits and message stay as they are. Raises LabClosed when the lab has no record."""
        await self._database.rows(
            "INSERT INTO pages (token, lab_id, container_id, container_name, host_port, container_port, opened_at, "
            "ends_at, extended_for) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (token) DO UPDATE SET "
            "container_name = excluded.container_name, ends_at = excluded.ends_at, "
            "extended_for = excluded.extended_for",
            (
                page.token,
                page.lab_id,
                page.container_id,
                page.container_name,
                page.host_port,
                page.container_port,
                to_seconds(page.opened_at),
                to_seconds(page.ends_at),
                page.extended_for,
            ),
        )

    async def get(self, token: str) -> PageRecord | None:
        rows = await self._database.rows(f"SELECT {_COLUMNS} FROM pages WHERE token = ?", (token,))
        return _record(rows[0]) if rows else None

    async def of(self, lab_id: LabId) -> tuple[PageRecord, ...]:
        rows = await self._database.rows(
            f"SELECT {_COLUMNS} FROM pages WHERE lab_id = ? ORDER BY opened_at, token", (lab_id,)
        )
        return tuple(_record(row) for row in rows)

    async def all(self) -> tuple[PageRecord, ...]:
        rows = await self._database.rows(f"SELECT {_COLUMNS} FROM pages ORDER BY opened_at, token")
        return tuple(_record(row) for row in rows)

    async def remove(self, token: str) -> None:
        await self._database.rows("DELETE FROM pages WHERE token = ?", (token,))

    async def set_message(self, token: str, message_id: int | None) -> None:
        await self._database.rows("UPDATE pages SET message_id = ? WHERE token = ?", (message_id, token))

    async def set_visits(self, visits: Mapping[str, int]) -> None:
        """Write the counters of these tokens, all in one commit."""

        def write(statements: Statements) -> None:
            for token, count in visits.items():
                statements.rows("UPDATE pages SET visits = ? WHERE token = ?", (count, token))

        await self._database.do(write)


def _record(row: Row) -> PageRecord:
    token, lab_id, container_id, name, host_port, container_port, visits, message_id, opened_at, ends_at, update = row
    return PageRecord(
        token,
        LabId(lab_id),
        container_id,
        name,
        host_port,
        container_port,
        visits,
        message_id,
        from_seconds(opened_at),
        from_seconds(ends_at),
        update,
    )
