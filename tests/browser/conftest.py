"""A phone with the chat page of the whole bot: headless Chromium of this machine, driven by a learner's taps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

from deploy.host.packages import find_browser
from deploy.host.temporary import EngineHost
from tests.browser.phone import Phone
from tests.e2e.house import House, house

CHROMIUM = find_browser()
PHONE = {"width": 412, "height": 915}
OpenPhone = Callable[..., AbstractAsyncContextManager[Phone]]


@pytest.fixture(scope="module")
async def dosirak(engine_host: EngineHost) -> AsyncIterator[House]:
    """The whole bot, for all tests of a module."""
    async with house(engine_host) as place, place.running():
        yield place


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


@pytest.fixture
def open_phone(chromium: Browser, dosirak: House) -> OpenPhone:
    """`async with open_phone(user=1003, locale="en-US") as phone:` any error in its console fails the test."""

    @asynccontextmanager
    async def opened(user: int, **options: Any) -> AsyncIterator[Phone]:
        context = await chromium.new_context(viewport=PHONE, device_scale_factor=2, **options)
        page = await context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        await page.goto(f"{dosirak.url}/?user={user}")
        yield Phone(page)
        await context.close()
        assert not errors

    return opened
