"""The shipped tour on a real engine: by itself, with a page that opens, and nothing left of it."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.e2e.house import House

pytestmark = pytest.mark.engine

A_MINUTE = 60.0
PATIENCE = 30.0


async def test_the_tour_shows_a_page_and_cleans_up_within_a_minute(dosirak: House) -> None:
    """Hello, a web page that a browser opens, the list, the end; then no container and no page is left."""
    visitor = dosirak.visitor()
    async with dosirak.running(), dosirak.member(1003) as alex:
        async with asyncio.timeout(A_MINUTE):
            await alex.says("/start demo")
            page = await alex.sees("Web page open", timeout=A_MINUTE)
            address = re.search(r"http://\S+", page.text)
            assert address is not None
            assert (await visitor.opens(address[0])).status == 200
            await alex.sees("That was it", timeout=A_MINUTE)
        assert alex.shows("Hello from Chapter 2!")
        await alex.says("/ps")
        await alex.sees("No containers", timeout=PATIENCE)
        await alex.says("/pages")
        await alex.sees("No open web pages", timeout=PATIENCE)
