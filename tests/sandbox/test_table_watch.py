"""The watch over the kernel's tables, without an engine: it sees every table, and does without who does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.identity import LabId
from bot.sandbox import tables
from bot.sandbox.cgroups import Cgroups
from bot.sandbox.engine import Engine
from bot.sandbox.events import Events
from bot.sandbox.tables import SPREAD, Table, TableWatchdog, offender

LAB, OTHER = LabId("a" * 10), LabId("b" * 10)
CONTAINER = "c" * 64


class OneProcess(Cgroups):
    """The lab has one container, with one process of this machine."""

    def __init__(self, pid: int) -> None:
        super().__init__("/nowhere")
        self._pid = pid

    def processes(self, lab: LabId) -> dict[str, list[int]]:
        return {CONTAINER: [self._pid]}


@pytest.fixture
async def process() -> AsyncIterator[asyncio.subprocess.Process]:
    """One that holds some descriptors and does not end by itself."""
    process = await asyncio.create_subprocess_exec("sleep", "1000")
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


@pytest.fixture
async def watchdog(process: asyncio.subprocess.Process, tmp_path: Path) -> AsyncIterator[TableWatchdog]:
    """Over a lab whose engine is away."""
    engine = Engine(tmp_path / "nobody.sock")
    yield TableWatchdog(engine, Events(), OneProcess(process.pid), lambda: {LAB})
    await engine.close()


async def test_a_table_that_nobody_empties_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, watchdog: TableWatchdog, process: asyncio.subprocess.Process
) -> None:
    """It rests alone: who empties the other one meanwhile is stopped at the next look, engine or not."""
    looks: list[str] = []
    short = {"theirs"}

    def table(name: str, holds: bool) -> Table:
        return Table(name, 1, lambda: looks.append(name) or name in short, lambda link: holds)  # type: ignore[func-returns-value]

    monkeypatch.setattr(tables, "TABLES", (table("theirs", holds=False), table("mine", holds=True)))
    async with asyncio.timeout(10):
        await watchdog.look()
        assert process.returncode is None and looks == ["theirs", "mine"]
        short.add("mine")
        await watchdog.look()
        await process.wait()
    assert looks == ["theirs", "mine", "mine"]


async def test_a_table_that_cannot_be_read_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, watchdog: TableWatchdog, process: asyncio.subprocess.Process
) -> None:
    """As above, for a kernel without it."""

    def unreadable() -> bool:
        raise FileNotFoundError

    broken = Table("broken", 1, unreadable, lambda link: False)
    monkeypatch.setattr(tables, "TABLES", (broken, Table("mine", 1, lambda: True, lambda link: True)))
    async with asyncio.timeout(10):
        await watchdog.look()
        await process.wait()


def test_what_a_lab_spreads_over_its_containers_counts_together() -> None:
    """Thirteen containers, each with one less than what makes one of them the offender."""
    least = 8
    honest = {(OTHER, f"{number}"): 1 for number in range(13)}
    spread = {(LAB, f"{number}"): least - 1 for number in range(13)} | {(LAB, "most"): least - 1}
    assert offender(honest, least) is None
    assert (found := offender(honest | spread, least)) is not None and found[0] == LAB
    assert offender({(OTHER, "tail"): SPREAD * least - 1} | spread, least) == (OTHER, "tail"), "the largest one first"
