"""What a start takes up of the labs of the last run, whatever the engine does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from bot.app import _take_up
from bot.errors import EngineTimeout
from bot.identity import LabId, Scope
from bot.pages import Page
from bot.sandbox.host import SandboxHost
from bot.sandbox.summary import UNKNOWN, ContainerSummary
from bot.store import Store

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SILENT, LOST = LabId("a" * 10), LabId("b" * 10)
WEB = "c" * 64


@dataclass
class Labs:
    """The engine answers about the containers of one lab, and is silent about those of the other."""

    closed: set[LabId] = field(default_factory=set)

    async def found(self) -> frozenset[LabId]:
        return frozenset({SILENT, LOST})

    async def close_all(self, leftovers: frozenset[LabId]) -> frozenset[LabId]:
        self.closed |= leftovers
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
