"""A learner with a phone: the first three steps by taps alone, and the page that a container serves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from bot.settings import CONTENT
from tests.browser.conftest import PHONE, OpenPhone
from tests.browser.phone import PATIENCE

pytestmark = [pytest.mark.engine, pytest.mark.browser]

PICTURE = CONTENT / "lesson.png"
"""The README's picture. Drawn anew by: DOSIRAK_DRAW_PICTURE=1 pytest tests/browser."""
MOST_BYTES = 300_000
"""A README that loads at once on a train."""
HIGHEST, ROOM_ABOVE = 1600, 62
"""Pixels: more than the pictured messages take; the page's head, which hides what is above them, and a gap."""


async def test_a_learner_taps_through_the_first_three_steps(open_phone: OpenPhone) -> None:
    """Start, run, check, quiz: nothing is typed."""
    async with open_phone(1001, locale="ko-KR") as phone:
        await phone.taps("시작")
        await phone.taps("▶ 1장 시작")
        await phone.taps("▶ 실행")
        await phone.reads("Hello from Chapter 2!")
        await phone.reads("✅ 해냈어요")
        await phone.taps("다음 ▶")
        await phone.reads("1장 · 2/13")
        await phone.taps("▶ 실행")
        await phone.reads("✅ 컨테이너가 하나 더 생겼어요")
        await phone.taps("다음 ▶")
        await phone.reads("1장 · 3/13")
        await phone.taps("❓ 퀴즈")
        await phone.taps("실행")
        await phone.reads("✅ 맞아요")


async def test_a_learner_opens_the_published_page(open_phone: OpenPhone) -> None:
    """The address in the notice leads to the container's page, in a tab beside the chat."""
    async with open_phone(1002, locale="ko-KR") as phone:
        await phone.taps("시작")
        await phone.writes("메시지", "docker container run --detach --publish 8088:80 diamol/ch02-hello-diamol-web")
        await phone.reads("🌐 웹 페이지가 열렸어요")
        website = await phone.opens("localhost")
        await expect(website.get_by_role("heading", name="Hello from Chapter 2!")).to_be_visible(timeout=PATIENCE)


async def test_the_picture_of_the_readme_shows_a_lesson(open_phone: OpenPhone) -> None:
    """A step, its command's output and its end. It is drawn when asked for; else it has to be there, and small."""
    async with open_phone(1003, locale="en-US", color_scheme="light") as phone:
        await phone.taps("Start")
        await phone.taps("▶ Start chapter 1")
        await phone.taps("▶ Run")
        await phone.reads("✅ You did it")
        await phone.taps("Next ▶")
        step = await phone.reads("Chapter 1 · 2/13")
        await phone.taps("▶ Run")
        await phone.reads("✅ Now there is one more container")
        if os.environ.get("DOSIRAK_DRAW_PICTURE"):
            await _draw(phone.page, step, PICTURE)
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert PICTURE.stat().st_size < MOST_BYTES


async def _draw(page: Page, first: Locator, path: Path) -> None:
    """The end of the conversation from a message on: the phone grows until all of it is in sight."""
    await page.evaluate("document.fonts.ready")
    await page.set_viewport_size({"width": PHONE["width"], "height": HIGHEST})
    last = page.locator("article").last
    top = await first.bounding_box()
    assert top is not None
    height = HIGHEST - round(top["y"]) + ROOM_ABOVE
    await page.set_viewport_size({"width": PHONE["width"], "height": height})
    await expect(last).to_be_in_viewport()
    await page.mouse.move(0, 0)
    await page.screenshot(path=path)
