"""A visitor's request body on its way to the container: streamed, counted, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

LARGEST = 16 * 2**20
"""Bytes. An upload form of a lesson needs less; a lab's whole memory is 512 MiB."""
IDLE_SECONDS = 60.0
"""A visitor who sends nothing for a minute has gone; the container's slot is for the next one."""


class Body:
    """`too_large` tells, after a failed send, that the bound and not the container ended it."""

    def __init__(self, request: web.BaseRequest, largest: int = LARGEST) -> None:
        self._request = request
        self._largest = largest
        self.too_large = (request.content_length or 0) > largest
        self.is_chunked = request.content_length is None

    async def chunks(self, pay: Callable[[int], Awaitable[None]]) -> AsyncIterator[bytes]:
        """The body as it comes in; stops with ValueError at the bound, so that the container never sees a whole one.

        `pay` is awaited with the size of each piece.
        """
        sent = 0
        while chunk := await self._next():
            sent += len(chunk)
            if sent > self._largest:
                self.too_large = True
                raise ValueError("the request body is above the bound")
            yield chunk
            await pay(len(chunk))

    async def _next(self) -> bytes:
        async with asyncio.timeout(IDLE_SECONDS):
            return await self._request.content.readany()
