"""The house in which pages are tested."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, DummyCookieJar

from bot.identity import Scope
from bot.store import Store
from tests.pages.house import LAB, START, House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(tmp_path))
        await store.labs.ensure(Scope(1), LAB, now=START, ends_at=START + timedelta(hours=4))
        session = await stack.enter_async_context(ClientSession(auto_decompress=False, cookie_jar=DummyCookieJar()))
        made = House(stack, store, session)
        await made.start()
        yield made
