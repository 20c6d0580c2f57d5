"""What waits for the store's one connection is done together, and nobody pays for a neighbour."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.identity import Scope
from bot.store import Begun, ScopeState, Store
from bot.store.database import Database, Row, Statements
from tests.store.looking import put, state_of

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
NORMAL, FULL = 1, 2
"""Of `PRAGMA synchronous`."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.connect(tmp_path / "file")
    await opened.rows("CREATE TABLE words (word TEXT UNIQUE NOT NULL)")
    yield opened
    await opened.close()


async def words(database: Database) -> list[Row]:
    return await database.rows("SELECT word FROM words ORDER BY word")


def write(database: Database, word: str | None) -> asyncio.Task[list[Row]]:
    work = database.rows("INSERT INTO words VALUES (?) RETURNING word", (word,))
    return asyncio.get_running_loop().create_task(work)


async def test_what_comes_at_once_is_one_commit(database: Database, tmp_path: Path) -> None:
    """Another connection sees all of it or nothing: the file's change counter moves once."""
    with sqlite3.connect(tmp_path / "file") as other:
        before = other.execute("PRAGMA data_version").fetchone()[0]
        await asyncio.gather(*(write(database, f"{number:02}") for number in range(20)))
        assert other.execute("SELECT count(*) FROM words").fetchone() == (20,)
        assert other.execute("PRAGMA data_version").fetchone()[0] == before + 1
    other.close()


async def test_each_gets_its_own_answer(database: Database) -> None:
    """In whatever company it came."""
    found = await asyncio.gather(*(write(database, f"{number:02}") for number in range(20)))
    assert found == [[(f"{number:02}",)] for number in range(20)]


async def test_one_that_fails_takes_no_other_along(database: Database) -> None:
    """Those before and after it are kept; it says what was wrong."""
    found = await asyncio.gather(*map(lambda word: write(database, word), ("a", None, "b")), return_exceptions=True)
    assert isinstance(found[1], StoreError)
    assert await words(database) == [("a",), ("b",)]


async def test_work_that_fails_half_way_leaves_nothing(database: Database) -> None:
    """Neither its first statement, nor anything that blocks the next."""

    def half(statements: Statements) -> None:
        statements.rows("INSERT INTO words VALUES ('half')")
        raise ZeroDivisionError

    neighbour = write(database, "whole")
    with pytest.raises(ZeroDivisionError):
        await database.do(half)
    await neighbour
    assert await words(database) == [("whole",)]


async def test_a_transaction_that_the_engine_ends_fails_for_all_in_it(database: Database) -> None:
    """As a full disk does: nobody is told that something was kept which is not."""

    def ended(statements: Statements) -> None:
        statements.rows("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    neighbour = write(database, "lost")
    with pytest.raises(StoreError, match="full"):
        await database.do(ended)
    with pytest.raises(StoreError, match="full"):
        await neighbour
    assert await words(database) == []
    await write(database, "later")
    assert await words(database) == [("later",)]


async def test_nobody_waits_for_one_who_has_gone(database: Database) -> None:
    """A cancelled task's work is done or not, and the others' is."""
    gone, stays = write(database, "gone"), write(database, "stays")
    await asyncio.sleep(0)
    gone.cancel()
    await stays
    assert ("stays",) in await words(database)


async def test_closing_lets_nobody_wait_for_ever(tmp_path: Path) -> None:
    """What was begun is there; what only waited gets an error."""
    closing = await Database.connect(tmp_path / "closing")
    waiting = [asyncio.get_running_loop().create_task(closing.rows("SELECT 1")) for _ in range(3)]
    await asyncio.sleep(0)
    await closing.close()
    async with asyncio.timeout(5):
        found = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, StoreError) or one == [(1,)] for one in found)


async def test_changes_of_one_conversation_beside_many_others_are_all_kept(tmp_path: Path) -> None:
    """Reading and writing one scope is one step, although other scopes' statements come in between."""
    async with Store.open(tmp_path) as store:
        one = Scope(1)

        async def count() -> None:
            await store.scopes.change(one, lambda state: ScopeState(one, step=str(int(state.step or 0) + 1)))

        others = (put(store, ScopeState(Scope(number), step="hello")) for number in range(2, 52))
        await asyncio.gather(*(count() for _ in range(50)), *others)
        assert (await state_of(store, one)).step == "50"


async def test_what_must_outlive_a_power_cut_waits_for_the_disk(database: Database) -> None:
    """Whatever else is in its commit; the next one does not wait again."""

    def how(statements: Statements) -> int:
        return int(statements.rows("PRAGMA synchronous")[0][0])

    together = [database.do(how), database.do(how, durable=True), database.do(how)]
    assert await asyncio.gather(*together) == [FULL, FULL, FULL]
    assert await database.do(how) == NORMAL


async def test_an_update_and_a_command_wait_for_the_disk(tmp_path: Path) -> None:
    """Telegram forgets the one then, and the other runs; what is done meanwhile goes to the disk with the next."""
    async with Store.open(tmp_path) as store:
        seen: list[str] = []
        await store._database._connection.run(lambda connection: connection.set_trace_callback(seen.append))
        await store.inbox.take_in("bot", {1: "{}"})
        await store.commands.begin(Begun(Scope(1), NOW, 1, "하늘"), update=1)
        await store.inbox.done([1])
        await store._database._connection.run(lambda connection: connection.set_trace_callback(None))
    waits = [statement.rpartition(" ")[2] for statement in seen if statement.startswith("PRAGMA synchronous")]
    assert waits == ["FULL", "FULL", "NORMAL"]
