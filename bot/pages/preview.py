"""Pictures of pages for the chat, where the operator has a browser and wants that."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

from bot.pages import browser
from bot.pages.headers import PREVIEW_AGENT

log = logging.getLogger(__name__)

WAITING = 4
"""Previews that may wait for their turn: a later one would come when its page is old news."""
ATTEMPTS = 5
"""A program that has just started may open its port a few seconds later."""
ANSWER_SECONDS = 5.0


class Previews:
    """Takes pictures, one at a time. `listener` is where pages are served on this machine."""

    def __init__(self, program: str, listener: tuple[str, int]) -> None:
        self._program = program
        self._listener = listener
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def picture(self, url: str) -> bytes | None:
        """A PNG of the page at this address; None when it is no page to look at or does not come in time."""
        if self._waiting > WAITING:
            return None
        self._waiting += 1
        try:
            async with self._turn:
                return await self._take(url) if await self._is_document(url) else None
        except (OSError, TimeoutError, ClientError) as error:
            log.info("no preview of a page: %s", error or type(error).__name__)
            return None
        finally:
            self._waiting -= 1

    async def _take(self, url: str) -> bytes | None:
        picture = await browser.picture(self._program, url, self._listener)
        if picture is None:
            log.info("no preview of a page: %s made no picture", self._program)
        return picture

    async def _is_document(self, url: str) -> bool:
        """Whether the container answers with something that a browser shows; a download is no picture."""
        host, port = self._listener
        headers = {"Host": urlsplit(url).netloc, "User-Agent": PREVIEW_AGENT, "Accept": "text/html"}
        timeout = ClientTimeout(total=ANSWER_SECONDS)
        async with ClientSession(cookie_jar=DummyCookieJar(), timeout=timeout, headers=headers) as session:
            for attempt in range(ATTEMPTS):
                await asyncio.sleep(min(attempt, 1))
                async with session.get(f"http://{browser.bracketed(host)}:{port}/", allow_redirects=False) as answer:
                    if answer.status not in (502, 503):
                        return answer.status < 400 and answer.content_type == "text/html"
        return False
