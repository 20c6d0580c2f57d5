"""A bot as a process, an engine that a test may take away, and a Bot API server behind a wire that it may cut."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr

from deploy.host.temporary import EngineHost, temporary_engine
from tests.e2e.house import House, house
from tests.faults.process import BotProcess
from tests.faults.telegram import Line, Telegram, telegram_at
from tests.faults.wire import Wire


@pytest.fixture
async def place(engine_host: EngineHost) -> AsyncIterator[House]:
    """State folder, engine and port for one test."""
    async with house(engine_host) as place:
        yield place


@pytest.fixture(scope="module")
def lone_engine() -> Iterator[EngineHost]:
    """An engine that no other test uses, so that it may go away."""
    with temporary_engine() as host:
        yield host


@pytest.fixture(scope="module")
async def telegram(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Telegram]:
    """A Bot API server that lives longer than any bot."""
    async with telegram_at(tmp_path_factory.mktemp("telegram")) as server:
        yield server


@pytest.fixture(scope="module")
async def line(engine_host: EngineHost, telegram: Telegram) -> AsyncIterator[Line]:
    """A bot as on Telegram, over a wire; its log must not have a single traceback."""
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(Wire(telegram.port))
        changes = {"telegram_token": SecretStr(telegram.token), "telegram_api_url": wire.url}
        place = await stack.enter_async_context(house(engine_host, **changes))
        bot = await stack.enter_async_context(BotProcess(place.settings))
        await bot.answers()
        yield Line(telegram, wire, bot)
        assert await bot.stopped() == 0
        assert "Traceback" not in bot.log, bot.log
