"""Killed processes, damaged files, files from other versions."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.identity import LabId, Scope
from bot.store import ScopeState, Store
from bot.store.database import Database
from bot.store.migrations import STEPS, migrate
from bot.store.store import FILE_NAME
from tests.store.looking import put, state_of

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.identity import LabId, Scope
from bot.store import Completion, Store

async def main():
    now = datetime.now(UTC)
    async with Store.open(Path(sys.argv[1])) as store:
        first = len(await store.completions.of(Scope(1)))
        await store.labs.ensure(Scope(1), LabId("0123456789"), now=now, ends_at=now)
        for number in range(first, 1_000_000):
            await store.completions.add(Completion(Scope(1), 1, "name", "ch02", f"step-{number}", now))
            print(number, flush=True)
            await store.labs.remember_running({LabId("0123456789"): [f"{number}-{part}" for part in range(5)]})

asyncio.run(main())
"""


async def test_a_killed_process_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    """SIGKILL amid writes, again and again: the file opens, every write told of is there, groups are whole."""
    chance = random.Random(20261124)
    for _ in range(4):
        told = _run_and_kill(tmp_path, lines=chance.randrange(5, 60))
        async with Store.open(tmp_path) as store:
            steps = {step for _, step in await store.completions.steps(Scope(1))}
            running = (await store.labs.remembered_running()).get(LabId("0123456789"), ())
        assert {f"step-{number}" for number in range(told + 1)} <= steps
        assert len(steps) - (told + 1) in (0, 1, 2)
        assert len(running) in (0, 5)
        assert len({container.partition("-")[0] for container in running}) <= 1


def _run_and_kill(state: Path, lines: int) -> int:
    """Let the writer tell of this many writes, kill it, and return the last number it told of."""
    command = [sys.executable, "-c", WRITER, str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(lines):
            last = writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        rest = [line for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    return int(rest[-1] if rest else last)


async def test_a_log_left_by_a_kill_is_read_even_in_another_folder(tmp_path: Path) -> None:
    """A copy of the file with its write-ahead log, taken while the bot runs, holds what was committed."""
    async with Store.open(tmp_path / "running") as store:
        await put(store, ScopeState(Scope(1), step="hello"))
        shutil.copytree(tmp_path / "running", tmp_path / "copy")
    async with Store.open(tmp_path / "copy") as store:
        assert (await state_of(store, Scope(1))).step == "hello"


@pytest.mark.parametrize("version", range(len(STEPS) + 1))
async def test_a_file_of_any_earlier_version_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    """Whatever step a file stopped at, opening it leads to the same tables as a new file."""
    database = await Database.connect(tmp_path / "old" / FILE_NAME)
    await migrate(database, STEPS[:version])
    await database.close()
    async with Store.open(tmp_path / "old"), Store.open(tmp_path / "new"):
        pass
    assert _shape(tmp_path / "old") == _shape(tmp_path / "new")
    assert _shape(tmp_path / "new")[0] == len(STEPS)


def _shape(state: Path) -> tuple[int, list[tuple[str, str]]]:
    connection = sqlite3.connect(state / FILE_NAME)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        return version, connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    finally:
        connection.close()


async def test_a_step_that_fails_leaves_the_file_at_the_step_before(tmp_path: Path) -> None:
    """A migration step is whole or absent, and data from before it is still there."""
    first = ("CREATE TABLE kept (word TEXT)", "INSERT INTO kept VALUES ('here')")
    broken = ("CREATE TABLE half (word TEXT)", "DROP TABLE kept", "this is no SQL")
    database = await Database.connect(tmp_path / FILE_NAME)
    try:
        with pytest.raises(StoreError, match="syntax error"):
            await migrate(database, (first, broken))
        assert await database.rows("PRAGMA user_version") == [(1,)]
        assert await database.rows("SELECT word FROM kept") == [("here",)]
        assert await database.rows("SELECT 1 FROM sqlite_master WHERE name = 'half'") == []
    finally:
        await database.close()


async def test_a_file_from_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    """The error names both versions and what to do; nothing is written."""
    async with Store.open(tmp_path):
        pass
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(StoreError, match=r"newer Dosirak.*DOSIRAK_STATE"):
        async with Store.open(tmp_path):
            pass
    assert (tmp_path / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize("damage", ["header", "middle", "cut"])
async def test_a_damaged_file_is_told_of_and_left_as_it_is(tmp_path: Path, damage: str) -> None:
    """A sentence says which file and what to do; not one byte changes, so that a rescue is still possible."""
    async with Store.open(tmp_path) as store:
        for chat in range(1, 2000):
            await put(store, ScopeState(Scope(chat), chapter="ch02", step="hello"))
    file = tmp_path / FILE_NAME
    content = file.read_bytes()
    middle = len(content) // 2
    broken = {
        "header": b"not a database at all" + content[21:],
        "middle": content[:middle] + b"\xff" * 8192 + content[middle + 8192 :],
        "cut": content[:middle],
    }[damage]
    file.write_bytes(broken)
    with pytest.raises(StoreError, match=rf"{FILE_NAME} is damaged .* backup"):
        async with Store.open(tmp_path):
            pass
    assert file.read_bytes() == broken


async def test_a_state_folder_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    """A file where the folder should be: the path and the reason, no traceback from the system."""
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(StoreError, match=r"state.*Dosirak keeps its state there"):
        async with Store.open(tmp_path / "state"):
            pass
