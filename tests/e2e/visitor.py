"""Somebody who opens a published page: names under localhost are this machine, as in a browser."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Visit:
    status: int
    text: str


class Visitor:
    """Asks the bot's one port for a page by its Host header."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def opens(self, url: str) -> Visit:
        """One GET."""
        parts = urlsplit(url)
        assert parts.port == self._port, f"{url} is not on the bot's port"
        async with aiohttp.ClientSession() as http:
            place = f"http://127.0.0.1:{self._port}{parts.path}"
            async with http.get(place, headers={"Host": parts.netloc, "Accept-Language": "en"}) as answer:
                return Visit(answer.status, await answer.text())

    async def sees(self, url: str, piece: str) -> Visit:
        """Reload until the page has `piece`."""
        try:
            async with asyncio.timeout(PATIENCE):
                while piece not in (visit := await self.opens(url)).text:  # noqa: ASYNC110 - a page tells nobody
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{url} has no {piece!r} but {visit}") from None
        return visit
