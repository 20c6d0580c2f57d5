"""Many pieces of work in one commit: each whole or absent, whatever becomes of its neighbours."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Failure:
    """A piece of work that raised this, and left nothing."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work, and who waits for it."""

    work: Callable[[sqlite3.Connection], Any]
    done: asyncio.Future[Any]
    durable: bool = False
    """It must outlive a power cut, too, once whoever waits is told of it."""

    def settle(self, outcome: Any) -> None:
        """Tell whoever waits, unless nobody does any more."""
        if self.done.done():
            return
        if isinstance(outcome, Failure):
            self.done.set_exception(outcome.error)
        else:
            self.done.set_result(outcome)


def commit(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Any]:
    """Blocking. The jobs' results or Failures, in their order; all are failures when the commit itself fails."""
    try:
        # It cannot be changed inside a transaction. The one that is written to the disk takes those before it along.
        connection.execute(f"PRAGMA synchronous = {'FULL' if any(job.durable for job in jobs) else 'NORMAL'}")
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_attempt(connection, job.work) for job in jobs]
        connection.execute("COMMIT")
    except Exception as error:
        connection.rollback()
        return [Failure(error)] * len(jobs)
    return outcomes


def _attempt(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], Any]) -> Any:
    connection.execute("SAVEPOINT job")
    try:
        result = work(connection)
    except Exception as error:
        if not connection.in_transaction:
            raise  # A full disk and the like end the whole transaction: there is nothing to go back to.
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return Failure(error)
    connection.execute("RELEASE job")
    return result
