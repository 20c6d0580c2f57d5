"""What a learner does with the chat page: tap, read, open a link."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

PATIENCE = 30_000
"""Milliseconds for one answer: the bot sends one message a second, and the browser shares two cores with the engine."""


class Phone:
    """One page with the chat."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def taps(self, label: str) -> None:
        """Tap the newest button with this label."""
        await self.page.get_by_role("button", name=label, exact=True).last.click(timeout=PATIENCE)

    async def writes(self, field: str, text: str) -> None:
        box = self.page.get_by_role("textbox", name=field)
        await box.fill(text)
        await box.press("Enter")

    async def reads(self, text: str) -> Locator:
        """The newest message with this text, scrolled into view as every newest message is."""
        message = self.page.locator("article", has_text=text).last
        await expect(message).to_be_in_viewport(timeout=PATIENCE)
        return message

    async def opens(self, link: str) -> Page:
        """Tap a link of the newest message that has it; the page that opens beside the chat."""
        async with self.page.context.expect_page() as opened:
            await self.page.locator("article a", has_text=link).last.click(timeout=PATIENCE)
        return await opened.value
