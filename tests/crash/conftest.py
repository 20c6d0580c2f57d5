"""A world of its own: its engine and its registry are killed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from deploy.host.temporary import temporary_engine
from tests.crash.world import World, world


@pytest.fixture(scope="module")
async def fragile() -> AsyncIterator[World]:
    with temporary_engine() as host:
        async with world(host) as made:
            yield made
