"""A Bot API server that is not the bot's own, as Telegram is, and the people who use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr

from bot.localchat import LocalChat
from bot.localchat.faults import Fault
from bot.localchat.limits import UNLIMITED
from bot.settings import Settings
from tests.chatclient import Member
from tests.faults.process import BotProcess
from tests.faults.wire import Wire


@dataclass(frozen=True, slots=True)
class Telegram:
    """The server, where it listens, and who may be its bot."""

    chat: LocalChat
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return self.chat.token

    @asynccontextmanager
    async def person(self, language: str = "ko") -> AsyncIterator[Member]:
        """Somebody new, whose chat nobody has used."""
        async with Member(self.url) as first:
            joined = await first.call("join", first_name="Guest", language=language)
        async with Member(self.url, joined["id"]) as member:
            yield member

    def order(self, method: str, status: int | None, *, times: int = 1, applied: bool = False, wait: int = 1) -> None:
        """The next calls of a method fail with this status, None: are never answered; `applied`: done all the same."""
        self.chat.faults.order(Fault(method, status, times, applied, wait))

    def used_by(self, settings: Settings, token: str | None = None) -> Settings:
        """The settings of a bot that lives here."""
        changes = {"telegram_token": SecretStr(token or self.token), "telegram_api_url": self.url}
        return settings.model_copy(update=changes)


@dataclass(frozen=True, slots=True)
class Line:
    """A bot, the server that people use, and the wire between the two."""

    telegram: Telegram
    wire: Wire
    bot: BotProcess


@asynccontextmanager
async def telegram_at(folder: Path) -> AsyncIterator[Telegram]:
    """A server that keeps itself in this folder; it has no flood limits but those that a test orders."""
    async with AsyncExitStack() as stack:
        chat = await stack.enter_async_context(LocalChat(folder, limits=UNLIMITED))
        runner = web.AppRunner(chat.application(), shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Telegram(chat, runner.addresses[0][1])
