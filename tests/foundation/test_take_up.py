"""What a start takes up of the labs of the last run, whatever the engine does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from bot import app
from bot.app import _finish, _take_up
from bot.errors import EngineTimeout
from bot.identity import LabId, Scope
from bot.pages import Page
from bot.sandbox.host import SandboxHost
from bot.sandbox.summary import UNKNOWN, ContainerSummary
from bot.store import Store
from bot.tasks import TaskShelf

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SILENT, LOST = LabId("a" * 10), LabId("b" * 10)
WEB = "c" * 64


@dataclass
class Labs:
    """The engine answers about the containers of one lab, and is silent about those of the other."""

    closed: set[LabId] = field(default_factory=set)
    broken_off: frozenset[LabId] = frozenset()

    async def found(self) -> frozenset[LabId]:
        return frozenset({SILENT, LOST})

    async def close_all(self, leftovers: frozenset[LabId]) -> frozenset[LabId]:
        self.closed |= leftovers
        self.broken_off -= leftovers
        return leftovers

    async def containers(self, lab_id: LabId) -> tuple[ContainerSummary, ...]:
        if lab_id == SILENT:
            raise EngineTimeout("the engine does not answer about one")
        return (ContainerSummary(WEB, "web", "image", "exited", UNKNOWN, NOW, NOW, NOW, ()),)

    def get(self, lab_id: LabId) -> None:
        return None


@dataclass
class Host:
    """Goes away in the middle of the first attempt."""

    labs: Labs = field(default_factory=Labs)
    resumed: list[dict[LabId, tuple[str, ...]]] = field(default_factory=list)
    takes_up: list[bool] = field(default_factory=list)

    @contextmanager
    def taking_up(self) -> Iterator[None]:
        self.takes_up.append(True)
        yield
        self.takes_up.append(False)

    async def resume(self, ran: dict[LabId, tuple[str, ...]]) -> dict[LabId, tuple[str, ...]]:
        self.resumed.append(ran)
        return ran if len(self.resumed) == 1 else {}


async def test_one_silent_container_and_a_second_loss_of_the_engine_keep_nobodys_page_down(tmp_path: Path) -> None:
    """What died with its engine is started again, at the second attempt too; the lab that cannot be read is left."""
    host = Host()
    async with Store.open(tmp_path) as store:
        for chat, lab_id in enumerate((SILENT, LOST), start=1):
            await store.labs.ensure(Scope(chat), lab_id, now=NOW, ends_at=NOW + timedelta(hours=4))
            await store.pages.put(Page(f"p{chat}", lab_id, WEB, "web", 8088, 80, NOW, NOW + timedelta(hours=1)))
        await store.labs.remember_running({LOST: ("d" * 64,)})
        async with asyncio.timeout(5):
            await _take_up(cast(SandboxHost, host), store)
        assert await store.labs.remembered_running() == {}
    assert host.resumed == [{LOST: (WEB, "d" * 64)}] * 2
    assert host.takes_up == [True, False] and host.labs.closed == set()


async def test_what_is_left_of_a_lab_that_nobody_owns_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon, not at the next start, and whenever there is something; a lab with a record is left to its keeper."""
    monkeypatch.setattr(app, "LEFT_PAUSE", 0.01)
    host, tasks, later = Host(), TaskShelf(), LabId("e" * 10)
    async with Store.open(tmp_path) as store, asyncio.timeout(5):
        await store.labs.ensure(Scope(1), SILENT, now=NOW, ends_at=NOW + timedelta(hours=4))
        tasks.start(_finish(cast(SandboxHost, host), store), name="what is left")
        for left in (LOST, later):
            host.labs.broken_off |= {SILENT, left}
            while host.labs.broken_off != {SILENT}:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.01)
        await tasks.close()
    assert host.labs.closed == {LOST, later}
