"""How the pages get into the bot's one web server: by Host, before any routing."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

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


def serve_by_host(runner: web.AppRunner, pages: Pages) -> None:
    """Answer requests for a page's Host from `pages`, all others from the runner's application.

    Call it after `runner.setup()` and before a site starts. Not a middleware: those come after the application has
    looked for a route and made an error of not finding one, which is a tenth of a proxied request's time.
    """
    server = runner.server
    assert server is not None, "runner.setup() comes first"
    application = server.request_handler

    async def choose(request: web.BaseRequest) -> web.StreamResponse:
        if pages.owns(request.headers.get("Host", "")):
            return await pages.handle(request)
        return await application(request)

    server.request_handler = choose
