"""After a bot that was killed: each command that was under way gets its end in the chat, its check, and its pages.

Waiting lines and demos are not gone on with: their people read so, once.

Telegram has no way to ask whether a message has arrived, so a window stays open: a command that ended within its first
frame, and whose one message was accepted while the bot died, is shown twice rather than never. `inbox` has the other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.conversations import Conversations
from bot.chat.cutoffs import Cutoffs
from bot.chat.job import Person
from bot.chat.kit import Kit
from bot.chat.message import Outgoing, Ready
from bot.chat.names import harmless
from bot.chat.pages_desk import PagesDesk
from bot.chat.performer import Performer
from bot.errors import ChatError, DosirakError, EngineTimeout, EngineUnavailable, StoreError, Undelivered
from bot.identity import LabId, Scope
from bot.learning.events import CommandEnded
from bot.learning.progress import Place
from bot.richtext import RichText
from bot.sandbox.events import ContainerRemoved, ContainerStopped
from bot.store import Begun, Kind, LeftCommand, Unfinished

log = logging.getLogger(__name__)

ENGINE_PAUSE = 0.3
"""Seconds between looks at an engine that is not there yet."""


@dataclass(slots=True)
class _Left:
    """What one conversation has of the last run."""

    commands: list[LeftCommand] = field(default_factory=list)
    unfinished: list[Unfinished] = field(default_factory=list)


class Recovery:
    """`look` before the first update is handled, `take_up` when the bot has started; each once."""

    def __init__(
        self, kit: Kit, conversations: Conversations, performer: Performer, desk: PagesDesk, cutoffs: Cutoffs
    ) -> None:
        self._kit = kit
        self._conversations = conversations
        self._performer = performer
        self._desk = desk
        self._cutoffs = cutoffs
        self._left: dict[Scope, _Left] = {}

    async def look(self) -> None:
        """Read what the last run has left; from now on nobody's words for a program that is cut off are run."""
        for command in await self._kit.store.commands.left():
            self._left.setdefault(command.begun.scope, _Left()).commands.append(command)
            if command.final is None:
                self._cutoffs.expect(command.begun.scope)
        for work in await self._kit.store.unfinished.left():
            self._left.setdefault(work.scope, _Left()).unfinished.append(work)

    async def take_up(self) -> None:
        """Everything that was left, each conversation for itself."""
        left, self._left = self._left, {}
        for scope, of_scope in left.items():
            try:
                talk = await self._conversations.find(scope)
            except StoreError as error:
                log.warning("what the last run has left in a conversation is for the next start: %s", error)
                self._cutoffs.over(scope)  # What is written there must not wait for a word that does not come.
                continue
            talk.later(self._take_up_all(talk, of_scope))
        for lab_id in {record.lab_id for record in await self._kit.store.pages.all()}:
            self._kit.tasks.start(self._pages_of(lab_id), name="pages of the last run")

    async def _take_up_all(self, talk: Conversation, left: _Left) -> None:
        """First all words about what was cut off, since people's next lines wait for them; then the commands' ends."""
        failed: set[int] = set()
        for command in left.commands:
            if command.final is None:
                await talk.attempt(self._judged(command, self._cut_off(talk, command), failed))
        await talk.attempt(self._break_off(talk, left.unfinished))
        self._cutoffs.over(talk.scope)
        praised: set[Place] = set()
        for command in left.commands:  # One after the other: an end that was cut short is made up for once.
            if command.number not in failed:
                await talk.attempt(self._judged(command, self._finish(talk, command, praised), failed))

    async def _judged(self, left: LeftCommand, work: Coroutine[Any, Any, None], failed: set[int]) -> None:
        """What Telegram did not take for an outage is kept for the next start; what can never be done is not."""
        try:
            await work
        except Exception as error:
            failed.add(left.number)
            if not isinstance(error, Undelivered):
                await self._kit.store.commands.over(left.number)
            raise

    async def _finish(self, talk: Conversation, left: LeftCommand, praised: set[Place]) -> None:
        await self._take_up(talk, left, praised)
        await self._kit.store.commands.over(left.number)

    async def _take_up(self, talk: Conversation, left: LeftCommand, praised: set[Place]) -> None:
        if left.final is not None:
            await self._show_end(talk, left, Ready(left.final.encode()))
        begun = left.begun
        origin = Place(begun.chapter, begun.step) if begun.chapter and begun.step else None
        await self._patiently(lambda: self._started_meanwhile(talk, begun.begun_at))
        if begun.tour:
            return  # It counts for no step.
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
        """Nobody saw it end: its message loses its buttons, with a word. A demo has a word of its own."""
        if left.message_id is not None:
            await self._kit.sender.set_rows(talk.scope, left.message_id)
        if not left.begun.tour:
            self._cutoffs.said(talk.scope, await self._word(talk, "terminal.interrupted"))

    async def _break_off(self, talk: Conversation, unfinished: list[Unfinished]) -> None:
        """Lines that waited and demos that played: kept for the next start only when an outage kept the words back."""
        try:
            await self._tell_broken_off(talk, unfinished)
        except Exception as error:
            if not isinstance(error, Undelivered):
                await self._settle(unfinished)
            raise
        await self._settle(unfinished)

    async def _settle(self, unfinished: list[Unfinished]) -> None:
        for work in unfinished:
            await self._kit.notebook.over(work.number)

    async def _tell_broken_off(self, talk: Conversation, unfinished: list[Unfinished]) -> None:
        """What is on the screen about them goes, with one word for each."""
        names: list[str] = []
        for work in unfinished:
            if work.kind is Kind.DEMO and work.message_id is not None:
                await self._kit.sender.set_rows(talk.scope, work.message_id)
            elif work.message_id is not None:
                await self._kit.sender.delete(talk.scope, work.message_id)
            if work.kind is Kind.LINE and work.user_name not in names:
                names.append(work.user_name)
        if any(work.kind is Kind.DEMO for work in unfinished):
            self._cutoffs.said(talk.scope, await self._word(talk, "demo.interrupted"))
        if names:
            await self._word(talk, "turns.interrupted", names=", ".join(map(harmless, names)))

    async def _word(self, talk: Conversation, key: str, **values: object) -> int:
        """The number of its message."""
        return await talk.send(Outgoing(RichText(talk.words(key, **values))))

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
