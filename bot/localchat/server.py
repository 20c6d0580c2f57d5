"""The local chat put together: a Bot API server, the people's API and the chat page, in this process."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Self

from aiohttp import web

from bot.localchat.botapi import BotApi
from bot.localchat.conversation import Change, Conversation, Snapshot
from bot.localchat.desk import Desk
from bot.localchat.faults import Faults
from bot.localchat.files import FileShelf
from bot.localchat.limits import DOCUMENT_BYTES, Flood, Limits
from bot.localchat.live import Live
from bot.localchat.protection import Middleware, cookie_name, guard, own_port
from bot.localchat.seed import BOT, beginning
from bot.localchat.storage import Keeper, load
from bot.localchat.updates import Updates
from bot.localchat.userapi import UserApi

PAGE = Path(__file__).resolve().parent / "page"
BODY_BYTES = DOCUMENT_BYTES + 1024 * 1024
"""The largest document, and room for the other fields."""
TOKEN_CHARACTERS = string.ascii_letters + string.digits


class LocalChat:
    """`async with LocalChat(state) as chat`, then serve `chat.application()` on a loopback port.

    `state` is the state folder (the chat keeps itself in `localchat/` there); `clock` gives seconds since 1970.
    The bot's token and the page's session are new in each run.
    """

    def __init__(self, state: Path, *, clock: Callable[[], float] = time.time, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.token = f"{BOT.id}:{''.join(secrets.choice(TOKEN_CHARACTERS) for _ in range(35))}"
        self.session = secrets.token_urlsafe(24)
        self.faults = Faults()
        self._folder = state / "localchat"
        self._clock = clock
        self._files = FileShelf(self._folder / "files")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Read what was kept."""
        self._files.open()
        path = self._folder / "conversation.json"
        snapshot = load(path) or beginning(int(self._clock()))
        self.conversation = Conversation(snapshot, history=self.limits.history)
        self.updates = Updates(snapshot.updates, snapshot.next_update, snapshot.allowed)
        flood = Flood(self.limits)
        self.desk = Desk(self.conversation, self.updates, self._files, flood, self.limits, self._clock)
        self._keeper = Keeper(path, self._snapshot, self._tidy)
        self._keeper.start()
        self.conversation.watch(self._changed)
        self._bot_api = BotApi(self.desk, self.token, self.faults)
        self._live = Live(self.conversation)

    def _changed(self, change: Change) -> None:
        self._keeper.touch()

    def _snapshot(self) -> Snapshot:
        updates = self.updates
        allowed = tuple(sorted(updates.allowed)) if updates.allowed is not None else None
        kept = self.conversation.snapshot()
        return replace(kept, updates=tuple(updates.waiting), next_update=updates.next_id, allowed=allowed)

    def _tidy(self, snapshot: Snapshot) -> None:
        self._files.prune(snapshot.files(), self.limits.file_bytes)

    async def close(self) -> None:
        """End what waits and write the last state."""
        self._release()
        await self._keeper.close()

    def _release(self) -> None:
        self.updates.wake()
        self._bot_api.closing.set()
        self._live.close()

    def application(self, *outer: Middleware) -> web.Application:
        """The whole server; `outer` middlewares see each request first (the learners' pages, by their host)."""
        application = web.Application(middlewares=[*outer, guard(self.session)], client_max_size=BODY_BYTES)
        application.add_routes(self._bot_api.routes())
        application.add_routes(UserApi(self.desk, self._live, self.faults).routes())
        application.add_routes([web.get("/", self._page)])
        application.router.add_static("/page", PAGE)
        application.on_shutdown.append(self._on_shutdown)
        return application

    async def _on_shutdown(self, application: web.Application) -> None:
        self._release()

    async def _page(self, request: web.Request) -> web.StreamResponse:
        """The chat page, and with it this run's cookie."""
        response = web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-store"})
        response.set_cookie(cookie_name(own_port(request)), self.session, httponly=True, samesite="Strict", path="/")
        return response
