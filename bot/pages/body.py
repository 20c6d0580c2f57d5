"""A visitor's request body on its way to the container: streamed, counted, bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

LARGEST = 16 * 2**20
"""Bytes. An upload form of a lesson needs less; a lab's whole memory is 512 MiB."""


class Body:
    """`too_large` tells, after a failed send, that the bound and not the container ended it."""

    def __init__(self, request: web.BaseRequest, largest: int = LARGEST) -> None:
        self._request = request
        self._largest = largest
        self.too_large = (request.content_length or 0) > largest

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes in; stops with ValueError at the bound, so that the container never sees a whole one."""
        sent = 0
        async for chunk in self._request.content.iter_any():
            sent += len(chunk)
            if sent > self._largest:
                self.too_large = True
                raise ValueError("the request body is above the bound")
            yield chunk
