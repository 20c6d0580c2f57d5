"""The pages: opened, extended, closed, served."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.errors import PageError
from bot.identity import LabId
from bot.pages.address import Addresses, new_token
from bot.pages.bounds import Bounds
from bot.pages.friendly import answer
from bot.pages.notices import Notice
from bot.pages.page import Page, PageRecords, Upstreams, due, page_of
from bot.pages.proxy import Proxy
from bot.pages.route import Route
from bot.pages.slots import Slots

LONGEST = 2
"""A page never has more than this many lifetimes before it, however often somebody taps Extend."""


class Pages:
    """All pages of this bot. An async context manager: entering loads the records, leaving ends every connection.

    A page ends by time, by `close`, or with its container or lab; its end is honoured with each request, and `expire`
    clears away and tells what ended. `ttl` is in seconds; `clock` gives aware UTC times.
    """

    def __init__(
        self,
        *,
        domain: str,
        scheme: str,
        port: int,
        ttl: float,
        records: PageRecords,
        upstreams: Upstreams,
        clock: Callable[[], datetime],
        bounds: Bounds | None = None,
    ) -> None:
        self._addresses = Addresses(domain, scheme, port)
        self._ttl = timedelta(seconds=ttl)
        self._records = records
        self._upstreams = upstreams
        self._clock = clock
        self.bounds = bounds or Bounds()
        """What each page may take that is opened from now on."""
        self._routes: dict[str, Route] = {}
        self._slots: dict[str, Slots] = {}
        self._opening = asyncio.Lock()
        self._proxy = Proxy(self._addresses, upstreams)

    async def __aenter__(self) -> Self:
        for record in await self._records.all():
            self._serve(page_of(record), visits=record.visits)
        await self._proxy.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._keep_visits()
        for route in self._routes.values():
            route.disconnect()
        await self._proxy.close()

    async def open(
        self,
        lab_id: LabId,
        container_id: str,
        container_name: str,
        host_port: int,
        container_port: int,
        until: datetime | None = None,
    ) -> Page:
        """Give this port of this container an address; the one it has, with fresh time, when it has one.

        `until` is the lab's end, after which nobody is promised a page.

        Raises LabClosed when the lab has no record, StoreError when the page cannot be kept.
        """
        now = self._clock()
        ends_at = _capped(now + self._ttl, until)
        page = Page(new_token(), lab_id, container_id, container_name, host_port, container_port, now, ends_at)
        async with self._opening:
            before = self._at(page)
            if before is not None and not before.is_over(now):
                ends_at = max(before.ends_at, page.ends_at)
                page = dataclasses.replace(before, container_name=container_name, ends_at=ends_at)
            await self._records.put(page)
            self._serve(page)
        return page

    async def extend(self, token: str, until: datetime | None = None, update: int | None = None) -> Page:
        """One more lifetime, up to LONGEST from now and to the lab's end; raises PageError when the page is over.

        `update` asked for it: a bot that was killed before that was noted as done meets it again, and adds nothing.
        """
        async with self._opening:
            route, now = self._routes.get(token), self._clock()
            if route is None or route.page.is_over(now):
                raise PageError("the page is over")
            if update is not None and route.page.extended_for == update:
                return route.page
            ends_at = _capped(min(route.page.ends_at + self._ttl, now + LONGEST * self._ttl), until)
            page = dataclasses.replace(route.page, ends_at=max(ends_at, route.page.ends_at), extended_for=update)
            await self._records.put(page)
            self._serve(page)
        return page

    async def close(self, token: str) -> Page | None:
        """End a page now; None when it was over already."""
        route = self._routes.pop(token, None)
        if route is None:
            return None
        route.disconnect()
        if not any(other.slots is route.slots for other in self._routes.values()):
            self._slots.pop(route.page.container_id, None)
        await self._records.remove(token)
        return route.page

    async def close_lab(self, lab_id: LabId) -> tuple[Page, ...]:
        return await self._close_those(self.of_lab(lab_id))

    async def container_removed(self, container_id: str) -> tuple[Page, ...]:
        """End the pages of a container that is gone; gives those that ended."""
        return await self._close_those(tuple(route.page for route in self._of_container(container_id)))

    def container_started(self, container_id: str) -> None:
        """The container runs again, perhaps under another address: its pages lead there from the next request on."""
        for route in self._of_container(container_id):
            route.restarted()

    def container_stopped(self, container_id: str) -> None:
        for route in self._of_container(container_id):
            route.stopped()

    async def expire(self, now: datetime) -> tuple[Page, ...]:
        """Clear away what is over at `now`, and give it so that the chat can say so. Keeps the visit counters too."""
        await self._keep_visits()
        return await self._close_those(due((route.page for route in self._routes.values()), now))

    def all(self) -> tuple[Page, ...]:
        return tuple(route.page for route in self._routes.values())

    def get(self, token: str) -> Page | None:
        route = self._routes.get(token)
        return None if route is None else route.page

    def of_lab(self, lab_id: LabId) -> tuple[Page, ...]:
        """The lab's pages, oldest first."""
        pages = (route.page for route in self._routes.values() if route.page.lab_id == lab_id)
        return tuple(sorted(pages, key=lambda page: (page.opened_at, page.token)))

    def is_stopped(self, token: str) -> bool:
        """Whether the page's container was seen to stop, and not to start again."""
        route = self._routes.get(token)
        return route is not None and route.is_stopped

    def visits(self, token: str) -> int:
        """How often the page was looked at: documents asked for, not their pictures and scripts."""
        route = self._routes.get(token)
        return 0 if route is None else route.visits

    def url(self, page: Page) -> str:
        return self._addresses.url(page)

    def owns(self, host: str) -> bool:
        """Whether a request with this Host header is for a page (there may or may not be one with that token)."""
        return self._addresses.token_in(host) is not None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request whose Host this `owns`: from the container, or with a page that says why not."""
        token = self._addresses.token_in(request.headers.get("Host", ""))
        route = self._routes.get(token) if token else None
        if route is None or route.page.is_over(self._clock()):
            return answer(request, Notice.OVER)
        if not route.admits():
            return answer(request, Notice.TOO_OFTEN, route.page)
        with route.connected():
            response = await self._proxy.forward(request, route)
        if route.is_gone:
            # Its time is up now: `expire` clears it away and tells.
            route.page = dataclasses.replace(route.page, ends_at=min(route.page.ends_at, self._clock()))
        return response

    def _serve(self, page: Page, *, visits: int = 0) -> None:
        if route := self._routes.get(page.token):
            route.page = page
            return
        slots = self._slots.setdefault(page.container_id, Slots())
        self._routes[page.token] = Route(
            page,
            url=self.url(page),
            visits=visits,
            slots=slots,
            upstreams=self._upstreams,
            bounds=self.bounds,
        )

    def _at(self, page: Page) -> Page | None:
        """The newest page of the same place."""
        pages = [route.page for route in self._routes.values() if route.page.place == page.place]
        return max(pages, key=lambda found: found.ends_at, default=None)

    def _of_container(self, container_id: str) -> list[Route]:
        return [route for route in self._routes.values() if route.page.container_id == container_id]

    async def _close_those(self, pages: tuple[Page, ...]) -> tuple[Page, ...]:
        for page in pages:
            await self.close(page.token)
        return pages

    async def _keep_visits(self) -> None:
        changed = {token: route.visits for token, route in self._routes.items() if route.visits != route.visits_kept}
        if changed:
            await self._records.set_visits(changed)
            for token in changed.keys() & self._routes.keys():
                self._routes[token].visits_kept = changed[token]


def _capped(ends_at: datetime, until: datetime | None) -> datetime:
    return ends_at if until is None else min(ends_at, until)
