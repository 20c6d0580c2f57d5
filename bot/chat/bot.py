"""The bot as a whole: built, started, stopped."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from hashlib import blake2b
from types import TracebackType
from typing import Any, Self

from telegram import Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder, ContextTypes

from bot.chat.admin_desk import AdminDesk, HostView, NoHost
from bot.chat.admins import Admins
from bot.chat.botapi import BotApi
from bot.chat.containers_desk import ContainersDesk
from bot.chat.conversations import Conversations
from bot.chat.cutoffs import Cutoffs
from bot.chat.desks import Desks
from bot.chat.driving import DriverDesk, Drivers
from bot.chat.forget_desk import ForgetDesk
from bot.chat.guests import GuestList, Guests
from bot.chat.handlers import Handlers
from bot.chat.inbox import Inbox
from bot.chat.inline import InlineDesk
from bot.chat.keeper import Keeper, Terms
from bot.chat.kit import Kit
from bot.chat.lesson import Lesson
from bot.chat.life_desk import LifeDesk
from bot.chat.menu import introduce
from bot.chat.outage import Outage
from bot.chat.pace import TELEGRAM_PACE, Pace
from bot.chat.pages_desk import PagesDesk
from bot.chat.performer import Performer
from bot.chat.polls import Polls
from bot.chat.ports import Labs
from bot.chat.processor import ScopeOrder
from bot.chat.reception import Endless, Meter, Reception
from bot.chat.recovery import Recovery
from bot.chat.sender import Sender
from bot.chat.study_desk import StudyDesk
from bot.chat.taps import Taps
from bot.chat.terminal_desk import TerminalDesk
from bot.chat.texts import read_texts
from bot.chat.tours import Tours
from bot.chat.transport import AiohttpRequest
from bot.chat.unfinished import Notebook
from bot.chat.waiting_desk import WaitingDesk
from bot.chat.warden import Warden
from bot.course import Course
from bot.errors import Fault, SettingsError
from bot.learning.capacity import Bounds
from bot.pages import Pages
from bot.pages.preview import Previews
from bot.sandbox.events import Events
from bot.store import Store
from bot.tasks import TaskShelf

log = logging.getLogger(__name__)

UPDATES = [Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY, Update.INLINE_QUERY]
POLL_SECONDS = 30
"""How long Telegram holds a poll open; longer ones are cut by some routers."""
START_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts to reach Telegram at the start; the last one repeats."""
LAST_WORDS = 1.5
"""Seconds at the stop for the last frames of running commands: one call to Telegram; the whole stop has six."""
TELEGRAM = "https://api.telegram.org"


class ChatBot:
    """`async with ChatBot(…) as chat:` starts to answer; leaving ends commands' messages, then polling."""

    def __init__(
        self,
        *,
        token: str,
        api_url: str | None,
        course: Course,
        store: Store,
        labs: Labs,
        pages: Pages,
        events: Events,
        terms: Terms,
        clock: Callable[[], datetime],
        pace: Pace = TELEGRAM_PACE,
        bounds: Bounds | None = None,
        guests: GuestList | None = None,
        meter: Meter | None = None,
        host: HostView | None = None,
        previews: Previews | None = None,
    ) -> None:
        self._outage = Outage()
        self._inbox = Inbox(store.inbox, blake2b(token.encode(), digest_size=8).hexdigest())
        self._order = ScopeOrder(self._inbox.claim)
        self._requests = (AiohttpRequest(), Polls(self._inbox.take_in, self._outage.answered))
        self._application = _build(token, _server(api_url), *self._requests, self._order)
        self._tasks = TaskShelf()
        texts = read_texts()
        self._kit = Kit(
            course=course,
            texts=texts,
            lessons={language: Lesson(course, words) for language, words in texts.items()},
            store=store,
            keeper=Keeper(labs, store, terms, clock, Reception(store, bounds or Bounds(), meter or Endless(), clock)),
            pages=pages,
            sender=Sender(self._application.bot, BotApi(self._requests[0], f"{_server(api_url)}/bot{token}"), pace),
            tasks=self._tasks,
            clock=clock,
            notebook=Notebook(store),
            previews=previews,
        )
        self._conversations = Conversations(self._kit)
        self._guests = Guests(store, guests or GuestList(), clock)
        self._cutoffs = Cutoffs()
        self._wire(host or NoHost(), events)

    def _wire(self, host: HostView, events: Events) -> None:
        """What brings updates, news and the time of day to conversations."""
        conversations, cutoffs = self._conversations, self._cutoffs
        pages = PagesDesk(self._kit, conversations.find)
        desks = self._desks(pages, host)
        handlers = Handlers(conversations, desks, Taps(desks), self._guests, InlineDesk(self._kit), cutoffs)
        handlers.register(self._application)
        self._kit.keeper.reception.unattended = lambda guest: self._tasks.start(
            desks.waiting.attend(guest), name="what waited for a lab"
        )
        self._warden = Warden(self._kit, conversations, pages, events)
        self._recovery = Recovery(self._kit, conversations, desks.performer, pages, cutoffs)

    def _desks(self, pages: PagesDesk, host: HostView) -> Desks:
        performer, admins = Performer(pages), Admins(self._application.bot)
        driver, containers, tours = DriverDesk(admins), ContainersDesk(pages), Tours(performer)
        return Desks(
            performer=performer,
            terminal=TerminalDesk(performer),
            containers=containers,
            pages=pages,
            drivers=Drivers(admins),
            driver=driver,
            study=StudyDesk(),
            tours=tours,
            life=LifeDesk(pages),
            waiting=WaitingDesk(self._conversations, performer, tours, containers),
            forget=ForgetDesk(self._conversations, pages, admins, driver),
            admin=AdminDesk(self._conversations, self._guests, host, pages),
        )

    async def __aenter__(self) -> Self:
        """Raises SettingsError when Telegram does not know the token; waits while it does not answer."""
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise
        return self

    async def _start(self) -> None:
        self._outage.watch()
        await self._guests.load()
        await self._kit.keeper.reception.load()
        await self._recovery.look()
        await self._reach()
        await self._take_up_updates()
        updater = self._application.updater
        assert updater is not None  # The builder makes one unless told not to.
        await updater.start_polling(
            timeout=POLL_SECONDS,
            allowed_updates=UPDATES,
            bootstrap_retries=-1,
            error_callback=self._outage.failed,
        )
        await self._application.start()
        self._tasks.start(introduce(self._application.bot, self._kit.texts), name="introduction")
        self._warden.start()
        self._tasks.start(self._recovery.take_up(), name="what the last run has left")
        log.info("answering as @%s", self._application.bot.username)

    async def _take_up_updates(self) -> None:
        """What the last run has not done comes before anything new."""
        for left in await self._inbox.left():
            update = Update.de_json(json.loads(left.body), self._application.bot)
            self._application.update_queue.put_nowait(update)

    async def _reach(self) -> None:
        for attempt in range(10**9):
            try:
                return await self._application.initialize()
            except InvalidToken:
                raise refused() from None
            except TelegramError as error:
                self._outage.failed(error)
            await asyncio.sleep(START_PAUSES[min(attempt, len(START_PAUSES) - 1)])

    async def until_refused(self) -> None:
        """Returns only by SettingsError: when Telegram does not know the token any more."""
        await self._outage.refused.wait()
        raise refused()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop in order; also what a failed start has left (the library leaves its connections open then)."""
        self._warden.stop()
        self._order.close()
        self._cutoffs.close()
        await self._conversations.cut_off(LAST_WORDS)
        await self._tasks.close()
        updater = self._application.updater
        if updater is not None and updater.running:
            with suppress(TelegramError):  # The end of the polling, which `Outage` has told.
                await updater.stop()
        if self._application.running:
            await self._application.stop()
        await self._application.shutdown()
        await self._inbox.settled()
        for request in self._requests:
            await request.shutdown()
        self._outage.leave()


def refused() -> SettingsError:
    """The token is wrong; it is not repeated in the sentence."""
    problem = "Telegram does not know this token; copy it again from @BotFather (it looks like 123456789:AA…)"
    return SettingsError((Fault("TELEGRAM_TOKEN", problem),))


def _server(api_url: str | None) -> str:
    return (api_url or TELEGRAM).rstrip("/")


def _build(
    token: str, server: str, calls: AiohttpRequest, polls: Polls, order: ScopeOrder
) -> Application[Any, Any, Any, Any, Any, Any]:
    return (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{server}/bot")
        .base_file_url(f"{server}/file/bot")
        .request(calls)
        .get_updates_request(polls)
        .concurrent_updates(order)
        .context_types(ContextTypes())
        .build()
    )
