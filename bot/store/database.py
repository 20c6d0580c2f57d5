"""One SQLite connection, its writes in turn, its errors translated.

The file is in WAL mode with `synchronous=NORMAL`: a killed process loses nothing that was committed; after a power cut
the file is whole, and at worst the last moments before it are missing (a learner repeats a tap).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from bot.errors import LabClosed, StoreError
from bot.store.turns import Turns

Value = int | str | None
Row = tuple[Any, ...]

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    # Deleted text is overwritten, since deleting is what a person asks for with /forget.
    "PRAGMA secure_delete = ON",
    # An operator's sqlite3 or a backup may hold the file for a moment.
    "PRAGMA busy_timeout = 5000",
)


class Statements:
    """The connection, for the one who has it now."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        return [tuple(row) for row in await self._connection.execute_fetchall(statement, values)]


class Database:
    """The connection. Calls from many tasks are fine: a statement is never in the middle of a transaction."""

    def __init__(self, path: Path, connection: aiosqlite.Connection) -> None:
        self._path = path
        self._connection = connection
        self._turns = Turns()
        self._open = True

    @classmethod
    async def connect(cls, path: Path) -> Database:
        """Open or create the file, readable by its owner alone; raises StoreError if it is not a whole SQLite file."""
        try:
            await asyncio.to_thread(_create, path)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}. Dosirak keeps its state there and must be able to.") from error
        connection = aiosqlite.connect(path, isolation_level=None)
        await connection
        database = cls(path, connection)
        try:
            await database._prepare()
        except BaseException:
            await database.close()
            raise
        return database

    async def _prepare(self) -> None:
        try:
            for pragma in PRAGMAS:
                await self._connection.execute_fetchall(pragma)
            problems = [str(row[0]) for row in await self._connection.execute_fetchall("PRAGMA quick_check(3)")]
        except sqlite3.DatabaseError as error:
            problems = [str(error)]
        if problems != ["ok"]:
            raise StoreError(
                f"{self._path} is damaged ({'; '.join(problems)}). Nothing in it was changed. Put a backup in its "
                f"place, or move {self._path.name} and the files beside it that start with its name elsewhere: "
                "Dosirak then starts with an empty one, and progress begins anew."
            )

    async def close(self) -> None:
        self._open = False
        await self._connection.close()

    async def rows(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Run one statement, committed when this returns, and give its rows."""
        async with self.beside() as statements:
            return await statements.rows(statement, values)

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[Statements]:
        """No transaction comes between the statements inside, but other such statements may; each is its own commit."""
        async with self._turns.beside():
            with self._translated():
                yield Statements(self._connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        """All statements inside are one commit; an exception or a cancellation takes them all back."""
        async with self._turns.alone():
            with self._translated():
                async with self._committed() as statements:
                    yield statements

    @asynccontextmanager
    async def _committed(self) -> AsyncIterator[Statements]:
        statements = Statements(self._connection)
        try:
            await statements.rows("BEGIN IMMEDIATE")
            yield statements
            await statements.rows("COMMIT")
        except BaseException:
            # The commit of a cancelled task may have happened all the same: its thread does not stop.
            await self._connection.rollback()
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if not self._open:
            raise StoreError(f"{self._path} is closed")
        try:
            yield
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
                raise LabClosed("the lab is gone") from error
            raise StoreError(f"{self._path}: {error}") from error
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite gives the files it puts beside this one the same permissions.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
