"""A page as a value, and what pages need from others."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.identity import LabId


@dataclass(frozen=True, slots=True)
class Page:
    """One published port of one container, under one address, until `ends_at` (UTC)."""

    token: str
    lab_id: LabId
    container_id: str
    container_name: str
    host_port: int
    container_port: int
    opened_at: datetime
    ends_at: datetime
    extended_for: int | None = None
    """The update that asked for more time last."""

    @property
    def place(self) -> tuple[LabId, str, int, int]:
        """What the page shows: opening the same place again gives the same address."""
        return self.lab_id, self.container_id, self.host_port, self.container_port

    def is_over(self, now: datetime) -> bool:
        return now >= self.ends_at


def due(pages: Iterable[Page], now: datetime) -> tuple[Page, ...]:
    """Those whose time is over, the longest over first."""
    return tuple(sorted((page for page in pages if page.is_over(now)), key=lambda page: page.ends_at))


class PageRecord(Protocol):
    """A page as it was kept, whatever class it is."""

    @property
    def token(self) -> str: ...
    @property
    def lab_id(self) -> LabId: ...
    @property
    def container_id(self) -> str: ...
    @property
    def container_name(self) -> str: ...
    @property
    def host_port(self) -> int: ...
    @property
    def container_port(self) -> int: ...
    @property
    def visits(self) -> int: ...
    @property
    def opened_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def extended_for(self) -> int | None: ...


class PageRecords(Protocol):
    """Where pages are kept, so that a restarted bot serves them under the same addresses."""

    async def all(self) -> Sequence[PageRecord]: ...
    async def put(self, page: Page, /) -> None: ...
    async def remove(self, token: str, /) -> None: ...
    async def set_visits(self, visits: Mapping[str, int], /) -> None: ...


class Upstreams(Protocol):
    """The way to a container, which lives in another network namespace."""

    async def address(self, lab_id: LabId, container_id: str, port: int, /) -> tuple[str, int]:
        """(IP address, port) of a running container.

        Raises EngineNotFound when the container is gone for good, another EngineError when the engine cannot say, and
        LabError when the container does not run now.
        """
        ...

    def make_socket(self, address_info: tuple[Any, ...], /) -> socket.socket:
        """A non-blocking socket inside the containers' network, of (family, type, protocol, …)."""
        ...


def address_information(host: str, port: int) -> tuple[Any, ...]:
    """What `make_socket` takes: a TCP address as `socket.getaddrinfo` gives it, without asking anybody."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port)


def page_of(record: PageRecord) -> Page:
    return Page(
        record.token,
        record.lab_id,
        record.container_id,
        record.container_name,
        record.host_port,
        record.container_port,
        record.opened_at,
        record.ends_at,
        record.extended_for,
    )
