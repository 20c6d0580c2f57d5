"""After a bot that was killed: each command that was under way gets its end in the chat, its check, and its pages.

Telegram has no way to ask whether a message has arrived, so one window stays open: a command that ended within its
first frame, and whose one message was accepted while the bot died, is shown twice rather than never.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.conversations import Conversations
from bot.chat.job import Person
from bot.chat.kit import Kit
from bot.chat.message import Ready
from bot.chat.pages_desk import PagesDesk
from bot.chat.performer import Performer
from bot.errors import ChatError, DosirakError, EngineTimeout, EngineUnavailable, Undelivered
from bot.identity import LabId, Scope
from bot.learning.events import CommandEnded
from bot.learning.progress import Place
from bot.sandbox.events import ContainerRemoved, ContainerStopped
from bot.store import Begun, LeftCommand

log = logging.getLogger(__name__)

ENGINE_PAUSE = 0.3
"""Seconds between looks at an engine that is not there yet."""


class Recovery:
    """`take_up` once, when the bot has started."""

    def __init__(self, kit: Kit, conversations: Conversations, performer: Performer, desk: PagesDesk) -> None:
        self._kit = kit
        self._conversations = conversations
        self._performer = performer
        self._desk = desk

    async def take_up(self) -> None:
        """Everything that the last run has left, each conversation for itself."""
        by_scope: dict[Scope, list[LeftCommand]] = {}
        for left in await self._kit.store.commands.left():
            by_scope.setdefault(left.begun.scope, []).append(left)
        for scope, commands in by_scope.items():
            talk = await self._conversations.find(scope)
            talk.later(self._take_up_all(talk, commands))
        for lab_id in {record.lab_id for record in await self._kit.store.pages.all()}:
            self._kit.tasks.start(self._pages_of(lab_id), name="pages of the last run")

    async def _take_up_all(self, talk: Conversation, commands: list[LeftCommand]) -> None:
        """One after the other: an end that was cut short is made up for once."""
        praised: set[Place] = set()
        for left in commands:
            await talk.attempt(self._finish(talk, left, praised))

    async def _finish(self, talk: Conversation, left: LeftCommand, praised: set[Place]) -> None:
        """What Telegram did not take for an outage is kept for the next start; what can never be done is not."""
        try:
            await self._take_up(talk, left, praised)
        except Undelivered:
            raise
        except Exception:
            await self._kit.store.commands.over(left.number)
            raise
        await self._kit.store.commands.over(left.number)

    async def _take_up(self, talk: Conversation, left: LeftCommand, praised: set[Place]) -> None:
        if left.final is not None:
            await self._show_end(talk, left, Ready(left.final.encode()))
        else:
            await self._cut_off(talk, left)
        begun = left.begun
        origin = Place(begun.chapter, begun.step) if begun.chapter and begun.step else None
        await self._patiently(lambda: self._started_meanwhile(talk, begun.begun_at))
        place = origin or talk.progress.place
        if place is not None and place not in praised and await self._done_since(place, begun):
            await talk.send(talk.lesson.done(place))
            praised.add(place)
        await self._performer.happen(talk, CommandEnded(origin), Cause(Person(begun.user_id, begun.user_name)))
        if place is not None and place in talk.progress.done:
            praised.add(place)

    async def _done_since(self, place: Place, begun: Begun) -> bool:
        """Whether this command has done the step: the word about it waited for its turn in the chat, or we died."""
        return any(
            (one.user_id, one.chapter, one.step) == (begun.user_id, *place) and one.completed_at >= begun.begun_at
            for one in await self._kit.store.completions.of(begun.scope)
        )

    async def _show_end(self, talk: Conversation, left: LeftCommand, final: Ready) -> None:
        """An edit a second time changes nothing."""
        if left.message_id is None or not await self._kit.sender.edit(talk.scope, left.message_id, final):
            await self._kit.sender.send(talk.scope, final)

    async def _cut_off(self, talk: Conversation, left: LeftCommand) -> None:
        """Nobody saw it end: its message loses its buttons, with a word."""
        if left.message_id is not None:
            await self._kit.sender.set_rows(talk.scope, left.message_id)
        await talk.say("terminal.interrupted")

    # --- pages -------------------------------------------------------------------------------------------------------

    async def _started_meanwhile(self, talk: Conversation, since: datetime) -> None:
        """Announce what the command has started, and nobody was there to see."""
        record = await self._kit.keeper.record(talk.scope)
        if record is None:
            return
        known = {page.container_id for page in self._kit.pages.of_lab(record.lab_id)}
        for container in await self._kit.keeper.containers(record.lab_id):
            started = container.started_at
            if container.runs and container.id not in known and started is not None and started >= since:
                await self._desk.announce(talk, record.lab_id, container)

    async def _pages_of(self, lab_id: LabId) -> None:
        try:
            await self._patiently(lambda: self._as_they_are(lab_id))
        except ChatError as error:
            log.info("not delivered: %s", error)
        except DosirakError as error:
            log.warning("the pages of a lab are not looked after: %s", error)

    async def _as_they_are(self, lab_id: LabId) -> None:
        """Make the messages about a lab's pages true: containers may have gone or stopped, and one was not told of."""
        scope = await self._kit.keeper.scope_of(lab_id)
        containers = {one.id: one for one in await self._kit.keeper.containers(lab_id)}
        for record in await self._kit.store.pages.of(lab_id) if scope else ():
            container = containers.get(record.container_id)
            if container is None:
                await self._desk.container_event(ContainerRemoved(lab_id, record.container_id))
            elif not container.runs and not container.lost:  # What is lost is started again.
                await self._desk.container_event(ContainerStopped(lab_id, record.container_id))
            elif record.message_id is None and scope is not None:
                await self._desk.announce(await self._conversations.find(scope), lab_id, container)

    async def _patiently(self, look: Callable[[], Awaitable[None]]) -> None:
        """The engine may come later than the bot."""
        while True:
            try:
                return await look()
            except (EngineUnavailable, EngineTimeout):
                await asyncio.sleep(ENGINE_PAUSE)
