"""A Bot API that answers whatever it is told to, and remembers what it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class Server:
    """Its next answer is `answer`, a status and a JSON value or a page."""

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []
        self.answer: tuple[int, object] = (200, {"ok": True, "result": True})
        self.queue: list[tuple[int, object]] = []
        """Answers that come before `answer`."""
        self.delay = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        fields = {
            name: (value.filename, value.file.read()) if isinstance(value, web.FileField) else value
            for name, value in (await request.post()).items()
        }
        self.seen.append({"path": request.path, "type": request.content_type, **fields})
        await asyncio.sleep(self.delay)
        status, body = self.queue.pop(0) if self.queue else self.answer
        if isinstance(body, str):
            return web.Response(text=body, content_type="text/html", status=status)
        return web.json_response(body, status=status)


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Server, str]]:
    """The server and its address, as far as the token."""
    double = Server()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", double.handle)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield double, f"http://127.0.0.1:{runner.addresses[0][1]}/bot"
    await runner.cleanup()
