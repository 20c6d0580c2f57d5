"""How the pages get into the bot's one web server: by Host, before any other route."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.pages.pages import Pages

SERVER_OPTIONS: Final[dict[str, Any]] = {
    # A compressed upload goes to the container as it is.
    "auto_decompress": False,
    # Addresses of pages are keys: they do not belong in a log.
    "access_log": None,
    # Longer than a front server keeps its connections (nginx: 60 s), so that it never meets one just closed.
    "keepalive_timeout": 75.0,
}
"""For `web.AppRunner(application, **SERVER_OPTIONS)`."""


def by_host(pages: Pages) -> Middleware:
    """The outermost middleware of the application: requests for a page's Host never reach the other routes."""

    @web.middleware
    async def choose(request: web.Request, handler: Handler) -> web.StreamResponse:
        if pages.owns(request.headers.get("Host", "")):
            return await pages.handle(request)
        return await handler(request)

    return choose
