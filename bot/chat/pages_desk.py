"""Published pages in the chat: announced when a container that publishes a port starts, and said to be over."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from bot.chat import notices
from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.kit import Kit
from bot.chat.message import Outgoing
from bot.errors import ChatError, DosirakError, PageError
from bot.identity import LabId, Scope
from bot.pages.page import Page
from bot.sandbox.events import ContainerEvent, ContainerRemoved, ContainerStarted, ContainerStopped
from bot.sandbox.summary import ContainerSummary
from bot.store import LabRecord

log = logging.getLogger(__name__)

COMMAND_FIRST = 2.0
"""Seconds that a page's message waits for the end of the command that started its container: first what was asked for,
then what came of it. A command that stays in the foreground does not end, so its page comes after this time."""


class PagesDesk:
    """Keeps the messages about pages true."""

    def __init__(self, kit: Kit, find: Callable[[Scope], Awaitable[Conversation]]) -> None:
        self._kit = kit
        self._find = find

    async def container_event(self, event: ContainerEvent) -> None:
        """A container started, stopped or went."""
        talk = await self._talk_of(event.lab_id)
        if talk is None:
            return
        if isinstance(event, ContainerStarted):
            self._kit.pages.container_started(event.container.id)
            if event.resumed:
                return await self._redraw_all(talk, event.lab_id, event.container.id, running=True)
            await talk.session.settled(COMMAND_FIRST)
            await self.announce(talk, event.lab_id, event.container)
        elif isinstance(event, ContainerStopped):
            self._kit.pages.container_stopped(event.container_id)
            await self._redraw_all(talk, event.lab_id, event.container_id, running=False)
        elif isinstance(event, ContainerRemoved):
            messages = await self._messages(event.lab_id)
            await self._say_over(talk, await self._kit.pages.container_removed(event.container_id), messages)

    async def announce(self, talk: Conversation, lab_id: LabId, container: ContainerSummary) -> int:
        """A message for each TCP port that the container publishes; how many."""
        count = 0
        for port in container.ports:
            if port.protocol != "tcp":
                continue
            try:
                page = await self._kit.pages.open(lab_id, container.id, container.name, port.host, port.container)
            except DosirakError as error:
                log.warning("no page for a container: %s", error)
                await talk.say("pages.failed")
                continue
            await self._post(talk, page)
            count += 1
        return count

    async def _post(self, talk: Conversation, page: Page) -> None:
        """One message for each page: the old one is replaced, since the address is needed at the end of the talk."""
        record = await self._kit.store.pages.get(page.token)
        message_id = await talk.send(self._drawn(talk, page))
        await self._kit.store.pages.set_message(page.token, message_id)
        if record is not None and record.message_id is not None:
            await self._kit.sender.delete(talk.scope, record.message_id)

    def _drawn(self, talk: Conversation, page: Page, *, running: bool = True) -> Outgoing:
        return notices.opened(talk.words, page, self._kit.pages.url(page), self._kit.clock(), running=running)

    async def _redraw_all(self, talk: Conversation, lab_id: LabId, container_id: str, *, running: bool) -> None:
        for page in self._kit.pages.of_lab(lab_id):
            if page.container_id == container_id:
                await self._redraw(talk, page, running=running)

    async def _redraw(self, talk: Conversation, page: Page, *, running: bool = True) -> None:
        record = await self._kit.store.pages.get(page.token)
        if record is not None and record.message_id is not None:
            await self._kit.sender.edit(talk.scope, record.message_id, self._drawn(talk, page, running=running))

    async def overview(self, talk: Conversation) -> None:
        """/pages."""
        await talk.send(await self._listed(talk))

    async def _listed(self, talk: Conversation) -> Outgoing:
        record = await self._kit.keeper.record(talk.scope)
        pages = self._kit.pages.of_lab(record.lab_id) if record else ()
        shown = [(page, self._kit.pages.url(page)) for page in pages]
        return notices.overview(talk.words, shown, self._kit.clock())

    # --- buttons -----------------------------------------------------------------------------------------------------

    async def tap(self, talk: Conversation, cause: Cause, action: str, token: str) -> None:
        """Extend or Close. A page of another conversation is treated as one that is over."""
        page = self._kit.pages.get(token)
        record = await self._kit.keeper.record(talk.scope)
        if page is None or record is None or page.lab_id != record.lab_id:
            return await talk.answer(cause, talk.words("pages.already_over"))
        if action == "extend":
            await self._extend(talk, cause, page)
        elif action == "close":
            await self._close(talk, cause, page)

    async def _extend(self, talk: Conversation, cause: Cause, page: Page) -> None:
        try:
            extended = await self._kit.pages.extend(page.token)
        except PageError:
            return await talk.answer(cause, talk.words("pages.already_over"))
        key = "pages.extended" if extended.ends_at > page.ends_at else "pages.longest"
        await talk.answer(cause, talk.words(key, time=notices.left(talk.words, extended, self._kit.clock())))
        await self._redraw(talk, extended)
        await self._redraw_list(talk, cause, (await self._messages(page.lab_id)).get(page.token))

    async def _close(self, talk: Conversation, cause: Cause, page: Page) -> None:
        await talk.answer(cause)
        messages = await self._messages(page.lab_id)
        await self._kit.pages.close(page.token)
        await self._edit_over(talk, page, messages.get(page.token))
        await self._redraw_list(talk, cause, messages.get(page.token))

    async def _redraw_list(self, talk: Conversation, cause: Cause, notice: int | None) -> None:
        """The tap was not on the page's own notice: then it was on the list, which has changed too."""
        if cause.message_id not in (None, notice):
            await talk.show(cause, await self._listed(talk))

    # --- ends --------------------------------------------------------------------------------------------------------

    async def expire(self) -> None:
        """Say of each page whose time is up that it is over."""
        messages = {record.token: record.message_id for record in await self._kit.store.pages.all()}
        for page in await self._kit.pages.expire(self._kit.clock()):
            if (talk := await self._talk_of(page.lab_id)) is not None:
                await self._edit_over(talk, page, messages.get(page.token))

    async def lab_ends(self, record: LabRecord) -> None:
        """Close the lab's pages before it goes."""
        talk = await self._find(record.scope)
        messages = await self._messages(record.lab_id)
        await self._say_over(talk, await self._kit.pages.close_lab(record.lab_id), messages)

    async def _messages(self, lab_id: LabId) -> dict[str, int | None]:
        """The message of each page; asked before the pages end, since their records go with them."""
        return {record.token: record.message_id for record in await self._kit.store.pages.of(lab_id)}

    async def _say_over(self, talk: Conversation, pages: tuple[Page, ...], messages: dict[str, int | None]) -> None:
        for page in pages:
            await self._edit_over(talk, page, messages.get(page.token))

    async def _edit_over(self, talk: Conversation, page: Page, message_id: int | None) -> None:
        if message_id is None:
            return
        try:
            await self._kit.sender.edit(talk.scope, message_id, notices.over(talk.words, page))
        except ChatError as error:
            log.info("a page's end was not delivered: %s", error)

    async def _talk_of(self, lab_id: LabId) -> Conversation | None:
        scope = await self._kit.keeper.scope_of(lab_id)
        return await self._find(scope) if scope else None
