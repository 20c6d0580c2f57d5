"""Published pages in the chat: announced when a container that publishes a port starts, and said to be over."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.chat import notices
from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.countdown import Countdown
from bot.chat.inbox import at_work
from bot.chat.kit import Kit
from bot.chat.message import Outgoing
from bot.errors import ChatError, DosirakError, PageError
from bot.identity import LabId, Scope
from bot.pages.page import Page
from bot.sandbox.events import ContainerEvent, ContainerRemoved, ContainerStarted, ContainerStopped
from bot.sandbox.summary import ContainerSummary
from bot.store import LabRecord
from bot.store.pages import PageRecord

log = logging.getLogger(__name__)

COMMAND_FIRST = 2.0
"""Seconds that a page's message waits for the end of the command that started its container: first what was asked for,
then what came of it. A command that stays in the foreground does not end, so its page comes after this time."""


@dataclass(frozen=True, slots=True)
class _Told:
    """The message about a page, and how often the page was looked at."""

    message_id: int | None
    visits: int


class PagesDesk:
    """Keeps the messages about pages true."""

    def __init__(self, kit: Kit, find: Callable[[Scope], Awaitable[Conversation]]) -> None:
        self._kit = kit
        self._find = find
        self._countdown = Countdown()

    async def container_event(self, event: ContainerEvent) -> None:
        """A container started, stopped or went."""
        talk = await self._talk_of(event.lab_id)
        if talk is None:
            return
        if isinstance(event, ContainerStarted):
            self._kit.pages.container_started(event.container.id)
            if event.resumed:
                return await self._redraw_all(talk, event.lab_id, event.container.id)
            # The pages are kept at once: what a bot that is killed has not announced, the next one does.
            pages = await self._opened(talk, event.lab_id, event.container)
            await talk.session.settled(COMMAND_FIRST)
            for page in pages:
                if self._kit.pages.get(page.token) is not None:  # It may have gone with its lab meanwhile.
                    await self._post(talk, page)
        elif isinstance(event, ContainerStopped):
            self._kit.pages.container_stopped(event.container_id)
            await self._redraw_all(talk, event.lab_id, event.container_id)
        elif isinstance(event, ContainerRemoved):
            told = await self._told(event.lab_id)
            await self._say_over(talk, await self._kit.pages.container_removed(event.container_id), told)

    async def announce(self, talk: Conversation, lab_id: LabId, container: ContainerSummary) -> int:
        """A message for each TCP port that the container publishes; how many."""
        pages = await self._opened(talk, lab_id, container)
        for page in pages:
            await self._post(talk, page)
        return len(pages)

    async def _opened(self, talk: Conversation, lab_id: LabId, container: ContainerSummary) -> list[Page]:
        """A page for each TCP port that the container publishes."""
        pages = []
        record = await self._kit.store.labs.get(lab_id)
        until = record.ends_at if record else None
        for port in container.ports:
            if port.protocol != "tcp":
                continue
            try:
                opened = await self._kit.pages.open(
                    lab_id, container.id, container.name, port.host, port.container, until
                )
                pages.append(opened)
            except DosirakError as error:
                log.warning("no page for a container: %s", error)
                await talk.say("pages.failed")
        return pages

    async def _post(self, talk: Conversation, page: Page) -> None:
        """One message for each page: the old one is replaced, since the address is needed at the end of the talk."""
        record = await self._kit.store.pages.get(page.token)
        message_id = await talk.send(self._drawn(talk, page))
        await self._kit.store.pages.set_message(page.token, message_id)
        if record is not None and record.message_id is not None:
            await self._kit.sender.delete(talk.scope, record.message_id)
        elif self._kit.previews is not None:
            talk.later(self._preview(talk, page))

    async def _preview(self, talk: Conversation, page: Page) -> None:
        """A picture of a new page, once: in a group all see at a glance what was published."""
        assert self._kit.previews is not None
        picture = await self._kit.previews.picture(self._kit.pages.url(page))
        if picture is not None and self._kit.pages.get(page.token) is not None:
            await self._kit.sender.photo(talk.scope, picture, notices.preview(talk.words, page))

    def _view(self, page: Page) -> notices.PageView:
        pages = self._kit.pages
        is_running = not pages.is_stopped(page.token)
        return notices.PageView(page, pages.url(page), pages.visits(page.token), is_running)

    def _drawn(self, talk: Conversation, page: Page) -> Outgoing:
        return notices.opened(talk.words, self._view(page), self._kit.clock())

    async def _redraw_all(self, talk: Conversation, lab_id: LabId, container_id: str) -> None:
        for page in self._kit.pages.of_lab(lab_id):
            if page.container_id == container_id:
                await self._redraw(talk, page)

    async def _redraw(self, talk: Conversation, page: Page) -> None:
        record = await self._kit.store.pages.get(page.token)
        if record is not None and record.message_id is not None:
            await self._kit.sender.edit(talk.scope, record.message_id, self._drawn(talk, page))

    async def overview(self, talk: Conversation) -> None:
        """/pages."""
        await talk.send(await self._listed(talk))

    async def _listed(self, talk: Conversation) -> Outgoing:
        record = await self._kit.keeper.record(talk.scope)
        pages = self._kit.pages.of_lab(record.lab_id) if record else ()
        return notices.overview(talk.words, [self._view(page) for page in pages], self._kit.clock())

    # --- buttons -----------------------------------------------------------------------------------------------------

    async def tap(self, talk: Conversation, cause: Cause, action: str, token: str) -> None:
        """Extend or Close. A page of another conversation is treated as one that is over."""
        page = self._kit.pages.get(token)
        record = await self._kit.keeper.record(talk.scope)
        if page is None or record is None or page.lab_id != record.lab_id:
            return await talk.answer(cause, talk.words("pages.already_over"))
        if action == "extend":
            await self._extend(talk, cause, page, record.ends_at)
        elif action == "close":
            await self._close(talk, cause, page)

    async def _extend(self, talk: Conversation, cause: Cause, page: Page, lab_ends_at: datetime) -> None:
        update = receipt.number if (receipt := at_work()) else None
        try:
            extended = await self._kit.pages.extend(page.token, lab_ends_at, update)
        except PageError:
            return await talk.answer(cause, talk.words("pages.already_over"))
        anew = extended.ends_at > page.ends_at or (update is not None and page.extended_for == update)
        longer = "pages.extended" if anew else "pages.longest"
        key = "pages.with_lab" if extended.ends_at == lab_ends_at else longer
        await talk.answer(cause, talk.words(key, time=notices.left(talk.words, extended, self._kit.clock())))
        await self._redraw(talk, extended)
        told = (await self._told(page.lab_id)).get(page.token)
        await self._redraw_list(talk, cause, told.message_id if told else None)

    async def _close(self, talk: Conversation, cause: Cause, page: Page) -> None:
        await talk.answer(cause)
        told = (await self._told(page.lab_id)).get(page.token)
        await self._kit.pages.close(page.token)
        await self._edit_over(talk, page, told)
        await self._redraw_list(talk, cause, told.message_id if told else None)

    async def _redraw_list(self, talk: Conversation, cause: Cause, notice: int | None) -> None:
        """The tap was not on the page's own notice: then it was on the list, which has changed too."""
        if cause.message_id not in (None, notice):
            await talk.show(cause, await self._listed(talk))

    # --- ends --------------------------------------------------------------------------------------------------------

    async def expire(self) -> None:
        """Say of each page whose time is up that it is over, and of each whose end comes near how long is left.

        A chat that takes long to hear of it holds nobody up.
        """
        now = self._kit.clock()
        told = {record.token: self._told_of(record) for record in await self._kit.store.pages.all()}
        for page in await self._kit.pages.expire(now):
            if (talk := await self._talk_of(page.lab_id)) is not None:
                talk.later(self._edit_over(talk, page, told.get(page.token)))
        for page in self._countdown.due(self._kit.pages.all(), now):
            if (talk := await self._talk_of(page.lab_id)) is not None:
                talk.later(self._redraw(talk, page))

    async def lab_ends(self, record: LabRecord) -> None:
        """Close a lab's pages and demo before it goes; its chat hears of it meanwhile, as from `expire`."""
        talk = await self._find(record.scope)
        if talk.drop_tour():
            talk.later(talk.say("demo.dropped"))
        told = await self._told(record.lab_id)
        talk.later(self._say_over(talk, await self._kit.pages.close_lab(record.lab_id), told))

    async def _told(self, lab_id: LabId) -> dict[str, _Told]:
        """What the chat knows of each page; asked before the pages end, since their records go with them."""
        return {record.token: self._told_of(record) for record in await self._kit.store.pages.of(lab_id)}

    def _told_of(self, record: PageRecord) -> _Told:
        return _Told(record.message_id, self._kit.pages.visits(record.token))

    async def _say_over(self, talk: Conversation, pages: tuple[Page, ...], told: dict[str, _Told]) -> None:
        for page in pages:
            await self._edit_over(talk, page, told.get(page.token))

    async def _edit_over(self, talk: Conversation, page: Page, told: _Told | None) -> None:
        if told is None or told.message_id is None:
            return
        try:
            await self._kit.sender.edit(talk.scope, told.message_id, notices.over(talk.words, page, told.visits))
        except ChatError as error:
            log.info("a page's end was not delivered: %s", error)

    async def _talk_of(self, lab_id: LabId) -> Conversation | None:
        scope = await self._kit.keeper.scope_of(lab_id)
        return await self._find(scope) if scope else None
