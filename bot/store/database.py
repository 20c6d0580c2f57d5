"""One SQLite connection in aiosqlite's thread; what waits for it is done together, in one commit.

The file is in WAL mode: a killed process loses nothing that was committed. After a power cut the file is whole, and has
what was committed as `durable` and all before that; at worst the moments after it are missing. Durable is what somebody
else forgets then (Telegram an update), and what must not happen twice (a command). The rest does not wait for the disk:
a learner repeats a tap.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite

from bot.errors import LabClosed, StoreError
from bot.store.together import Failure, Job, commit
from bot.tasks import TaskShelf

Value = int | str | None
Row = tuple[Any, ...]
Result = TypeVar("Result")

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    # Deleted text is overwritten, since deleting is what a person asks for with /forget.
    "PRAGMA secure_delete = ON",
    # An operator's sqlite3 or a backup may hold the file for a moment.
    "PRAGMA busy_timeout = 5000",
)


ROWS_AHEAD = 64
"""aiosqlite's own default for reading on in a cursor, which nothing here does."""


class Connection(aiosqlite.Connection):
    """aiosqlite sends each statement to its thread alone; this sends a function, with as many as it likes."""

    async def run(self, work: Callable[..., Result], *values: Any) -> Result:
        """Call `work` with the plain connection and these values, in the connection's thread."""
        # aiosqlite's helper has no types of its own.
        result: Result = await self._execute(work, self._conn, *values)  # type: ignore[no-untyped-call]
        return result


class Statements:
    """The connection, for work that runs in its thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        return self._connection.execute(statement, values).fetchall()


Work = Callable[[Statements], Result]


class Database:
    """Calls from many tasks are fine: pieces of work are done one after the other, in the order in which they came.

    Those that came while the thread was busy share one commit, and one way to the thread and back: on a loop with much
    to do that way is most of a statement's time.
    """

    def __init__(self, path: Path, connection: Connection) -> None:
        self._path = path
        self._connection = connection
        self._waiting: list[Job] = []
        self._tasks = TaskShelf()
        self._worker: asyncio.Task[None] | None = None
        self._open = True

    @classmethod
    async def connect(cls, path: Path) -> Database:
        """Open or create the file, readable by its owner alone; raises StoreError if it is not a whole SQLite file."""
        try:
            connection = await Connection(lambda: _connected(path), ROWS_AHEAD)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}. Dosirak keeps its state there and must be able to.") from error
        database = cls(path, cast(Connection, connection))
        try:
            await database._prepare()
        except BaseException:
            await database.close()
            raise
        return database

    async def _prepare(self) -> None:
        try:
            for pragma in PRAGMAS:
                await self._alone(pragma)
            problems = [str(row[0]) for row in await self._alone("PRAGMA quick_check(3)")]
        except sqlite3.DatabaseError as error:
            problems = [str(error)]
        if problems != ["ok"]:
            raise StoreError(
                f"{self._path} is damaged ({'; '.join(problems)}). Nothing in it was changed. Put a backup in its "
                f"place, or move {self._path.name} and the files beside it that start with its name elsewhere: "
                "Dosirak then starts with an empty one, and progress begins anew."
            )

    async def close(self) -> None:
        """What was begun is committed; what still waits is refused."""
        self._open = False
        if self._worker is not None:
            await self._worker
        await self._connection.close()

    async def rows(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Run one statement, committed when this returns, and give its rows."""
        return await self.do(lambda statements: statements.rows(statement, values))

    async def do(self, work: Work[Result], *, durable: bool = False) -> Result:
        """Run `work` in the connection's thread: whole and committed when this returns, or absent when it raises.

        It is whole or absent also for a task that is cancelled meanwhile. `durable`: the disk has it by then.
        """
        self._demand_open()
        done = asyncio.get_running_loop().create_future()
        job = Job(lambda connection: work(Statements(connection)), done, durable)
        self._waiting.append(job)
        if self._worker is None:
            self._worker = self._tasks.start(self._work(), name="store")
        with self._translated():
            result: Result = await job.done
            return result

    async def _work(self) -> None:
        """Round after round, until nothing waits."""
        while self._waiting:
            jobs, self._waiting = self._waiting, []
            for job, outcome in zip(jobs, await self._outcomes(jobs), strict=True):
                job.settle(outcome)
        self._worker = None

    async def _outcomes(self, jobs: list[Job]) -> Sequence[Any]:
        if not self._open:
            return [Failure(StoreError(f"{self._path} is closed"))] * len(jobs)
        try:
            return await self._connection.run(commit, jobs)
        except Exception as error:
            # Whatever it is, those who wait hear of it.
            return [Failure(error)] * len(jobs)

    async def outside(self, statement: str) -> list[Row]:
        """Run a statement that cannot be part of a transaction."""
        self._demand_open()
        with self._translated():
            return await self._alone(statement)

    async def _alone(self, statement: str) -> list[Row]:
        return await self._connection.run(lambda connection: Statements(connection).rows(statement))

    def _demand_open(self) -> None:
        if not self._open:
            raise StoreError(f"{self._path} is closed")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
                raise LabClosed("the lab is gone") from error
            raise StoreError(f"{self._path}: {error}") from error
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error


def _connected(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite gives the files it puts beside this one the same permissions.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    return sqlite3.connect(path, isolation_level=None)
