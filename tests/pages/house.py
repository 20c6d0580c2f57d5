"""A bot's web server with pages, and containers that are real HTTP servers on loopback."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession, web

from bot.errors import EngineNotFound
from bot.identity import LabId
from bot.pages import Page, Pages
from bot.pages.serving import SERVER_OPTIONS, serve_by_host
from bot.store import Store

LAB = LabId("0123456789")
START = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
TTL = 1800
Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Clock:
    """A clock that tests turn."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now


@dataclass
class Containers:
    """What the sandbox would say: container id to address, or to the error that it raises."""

    addresses: dict[str, tuple[str, int] | Exception] = field(default_factory=dict)
    asked: int = 0
    sockets: int = 0

    async def address(self, lab_id: LabId, container_id: str, port: int) -> tuple[str, int]:
        self.asked += 1
        found = self.addresses.get(container_id, EngineNotFound("No such container", 404))
        if isinstance(found, Exception):
            raise found
        return found

    def make_socket(self, address_info: tuple[Any, ...]) -> socket.socket:
        self.sockets += 1
        made = socket.socket(address_info[0], address_info[1], address_info[2])
        made.setblocking(False)
        return made


@asynccontextmanager
async def listening(
    application: web.Application, pages: Pages | None = None, **options: Any
) -> AsyncIterator[tuple[str, int]]:
    runner = web.AppRunner(application, shutdown_timeout=0.1, **options)
    await runner.setup()
    if pages is not None:
        serve_by_host(runner, pages)
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0]
    finally:
        await runner.cleanup()


async def other_route(request: web.Request) -> web.Response:
    return web.Response(text="the chat page")


class House:
    """The bot as a visitor meets it: `get` and `session` speak to its one port, with the page's Host."""

    def __init__(self, stack: AsyncExitStack, store: Store, session: ClientSession) -> None:
        self._stack = stack
        self.store = store
        self.session = session
        self.clock = Clock()
        self.containers = Containers()
        self.pages = self.new_pages()
        self.address = ("", 0)

    def new_pages(self) -> Pages:
        return Pages(
            domain="localhost",
            scheme="http",
            port=8080,
            ttl=TTL,
            records=self.store.pages,
            upstreams=self.containers,
            clock=self.clock,
        )

    async def start(self) -> None:
        await self._stack.enter_async_context(self.pages)
        application = web.Application()
        application.router.add_get("/", other_route)
        self.address = await self._stack.enter_async_context(listening(application, self.pages, **SERVER_OPTIONS))

    async def container(self, serve: Serve, container_id: str = "c1", **options: Any) -> tuple[str, int]:
        """Start a container whose program answers every request with `serve`."""
        application = web.Application(client_max_size=2**30)
        application.router.add_route("*", "/{path:.*}", serve)
        address = await self._stack.enter_async_context(
            listening(application, auto_decompress=False, access_log=None, **options)
        )
        self.containers.addresses[container_id] = address
        return address

    async def page(self, serve: Serve | None = None, container_id: str = "c1", **options: Any) -> Page:
        """A page on a container; with `serve` the container is started too."""
        if serve is not None:
            await self.container(serve, container_id, **options)
        return await self.pages.open(LAB, container_id, "web", 8088, 80)

    @property
    def url(self) -> str:
        return f"http://{self.address[0]}:{self.address[1]}"

    def host(self, page: Page) -> dict[str, str]:
        return {"Host": f"{page.token}.localhost:8080"}

    def get(self, page: Page, path: str = "/", **options: Any) -> Any:
        headers = {**self.host(page), **options.pop("headers", {})}
        return self.session.request(options.pop("method", "GET"), self.url + path, headers=headers, **options)
