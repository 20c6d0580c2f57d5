"""A house with the whole bot for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from deploy.host.temporary import EngineHost
from tests.e2e.house import House, house


@pytest.fixture
async def dosirak(engine_host: EngineHost) -> AsyncIterator[House]:
    """Where the bot will live; `async with dosirak.running():` is one run of it."""
    async with house(engine_host) as place:
        yield place
