"""A program: `page_proxy PORT` serves one page from that port of this machine, as the bot does; prints port and host.

The bot's own proxy and server, without the rest of the bot: neither chat nor labs take part in a page's request.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.identity import LabId
from bot.pages import Page, Pages
from bot.pages.bounds import Bounds
from bot.pages.page import PageRecord
from bot.pages.serving import SERVER_OPTIONS, serve_by_host

LAB = LabId("0bec0bec00")
NO_BOUNDS = Bounds(*[1e15] * 4)
"""What is measured is the way through the proxy, not what one page is allowed."""


class Unkept:
    """No store: a measured page needs not outlive its run."""

    async def all(self) -> Sequence[PageRecord]:
        return ()

    async def put(self, page: Page) -> None:
        pass

    async def remove(self, token: str) -> None:
        pass

    async def set_visits(self, visits: Mapping[str, int]) -> None:
        pass


class ThisMachine:
    """The "container" is a server on loopback."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def address(self, lab_id: LabId, container_id: str, port: int) -> tuple[str, int]:
        return "127.0.0.1", self._port

    def make_socket(self, address_info: tuple[Any, ...]) -> socket.socket:
        made = socket.socket(*address_info[:3])
        made.setblocking(False)
        return made


async def main(port: str) -> None:
    pages = Pages(
        domain="localhost",
        scheme="http",
        port=80,
        ttl=3600,
        records=Unkept(),
        upstreams=ThisMachine(int(port)),
        clock=lambda: datetime.now(UTC),
        bounds=NO_BOUNDS,
    )
    async with pages:
        page = await pages.open(LAB, "c", "web", 8088, 80)
        runner = web.AppRunner(web.Application(), **SERVER_OPTIONS)
        await runner.setup()
        serve_by_host(runner, pages)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gc.freeze()  # As the bot does after its start.
        print(runner.addresses[0][1], f"{page.token}.localhost", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
