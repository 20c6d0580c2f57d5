"""The whole conversation without an engine: the local Bot API server, the bot, and labs that are a bash on a pty."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.chat.bot import ChatBot
from bot.chat.guests import GuestList
from bot.chat.keeper import Terms
from bot.chat.pace import Pace
from bot.chat.reception import Endless, Meter
from bot.course import Course
from bot.errors import ContainerNotRunning
from bot.identity import LabId
from bot.learning.capacity import Bounds
from bot.localchat import UNLIMITED, Limits, LocalChat
from bot.pages import Pages
from bot.sandbox.events import Events
from bot.store import Store
from bot.terminal.budget import Allowance
from bot.terminal.pacing import Tempo
from tests.chat.bash_lab import BashLabs
from tests.chat.double import Server, serving
from tests.chatclient import Member
from tests.learning.playbook import small_course

QUICK = Allowance(rate=1000.0, capacity=1000.0, reserve=0.0)
BRISK = Tempo(intervals=((0, 0.05),), final_gap=0.01, first_quiet=0.05, first_latest=0.1, silent_start=0.2)
PACE = Pace(QUICK, QUICK, BRISK, BRISK)
"""The local server has no limits here: what Telegram's limits ask for is proved in the terminal's own tests."""


class NoContainers:
    """Pages lead nowhere in these tests."""

    async def address(self, lab_id: LabId, container_id: str, port: int) -> tuple[str, int]:
        raise ContainerNotRunning("nothing runs")

    def make_socket(self, address_info: tuple[Any, ...]) -> socket.socket:
        raise NotImplementedError


@dataclass
class House:
    """Everything that a test may look at or move. `restart` is a new bot on the same state."""

    url: str
    local: LocalChat
    labs: BashLabs
    store: Store
    pages: Pages
    course: Course = field(default_factory=small_course)
    terms: Terms = Terms(timedelta(minutes=30), timedelta(hours=4))  # noqa: RUF009 - it is frozen
    events: Events = field(default_factory=Events)
    bounds: Bounds = Bounds()  # noqa: RUF009 - it is frozen
    guests: GuestList = GuestList()  # noqa: RUF009 - it is frozen
    meter: Meter = field(default_factory=Endless)
    pace: Pace = PACE
    now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        await self.stack.enter_async_context(
            ChatBot(
                token=self.local.token,
                api_url=self.url,
                course=self.course,
                store=self.store,
                labs=self.labs,
                pages=self.pages,
                events=self.events,
                terms=self.terms,
                clock=lambda: self.now,
                pace=self.pace,
                bounds=self.bounds,
                guests=self.guests,
                meter=self.meter,
            )
        )

    async def restart(self) -> None:
        await self.stack.aclose()
        self.labs.new_bot()
        await self.start()


@pytest.fixture
def pace() -> Pace:
    """A module that is about Telegram's limits has its own."""
    return PACE


@pytest.fixture
def limits() -> Limits:
    """As `pace`, for the server's side."""
    return UNLIMITED


@pytest.fixture
async def house(tmp_path: Path, pace: Pace, limits: Limits) -> AsyncIterator[House]:
    labs = BashLabs(tmp_path / "labs")
    async with AsyncExitStack() as stack:
        local = await stack.enter_async_context(LocalChat(tmp_path, limits=limits))
        runner = web.AppRunner(local.application(), shutdown_timeout=0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        store = await stack.enter_async_context(Store.open(tmp_path))
        # The pages' clock is the house's, so that comes first.
        running = House(f"http://127.0.0.1:{port}", local, labs, store, pages=None, pace=pace)  # type: ignore[arg-type]
        running.pages = await stack.enter_async_context(
            Pages(
                domain="localhost",
                scheme="http",
                port=port,
                ttl=1800,
                records=store.pages,
                upstreams=NoContainers(),
                clock=lambda: running.now,
            )
        )
        stack.callback(labs.close_all)
        stack.push_async_callback(lambda: running.stack.aclose())
        await running.start()
        yield running


@pytest.fixture
async def learner(house: House) -> AsyncIterator[Member]:
    """Somebody in a private chat, whose Telegram speaks Korean."""
    async with Member(house.url) as member:
        yield member


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, str]]:
    """A Bot API in the test's hands, and its address."""
    async with serving() as served:
        yield served
