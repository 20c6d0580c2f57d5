"""What happens by itself: news of containers reaches their chat, labs and pages end in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from weakref import WeakValueDictionary

from bot.chat import disk
from bot.chat.conversations import Conversations
from bot.chat.keeper import TICK_SECONDS
from bot.chat.kit import Kit
from bot.chat.life_desk import warning
from bot.chat.pages_desk import PagesDesk
from bot.chat.waiting import called
from bot.errors import ChatError, DosirakError
from bot.identity import LabId
from bot.sandbox.events import ContainerEvent, DiskLimitReached, EngineBack, EngineGone, Events, LabEvent, TableFull
from bot.sandbox.removal import ClosedLab
from bot.store import LabRecord

log = logging.getLogger(__name__)


class Warden:
    """Listens to the sandbox, and looks at the clock every few seconds."""

    def __init__(self, kit: Kit, conversations: Conversations, desk: PagesDesk, events: Events) -> None:
        self._kit = kit
        self._conversations = conversations
        self._desk = desk
        self._events = events
        self._turns: WeakValueDictionary[LabId, asyncio.Lock] = WeakValueDictionary()
        self._unlisten: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._kit.keeper.listener = self
        self._kit.keeper.reception.in_use = self.is_in_use
        self._unlisten = self._events.listen(self._heard)
        self._kit.tasks.keep(self._look_at_the_clock, name="lab and page ends")

    def stop(self) -> None:
        self._unlisten()

    def _heard(self, event: LabEvent) -> None:
        if isinstance(event, ContainerEvent):
            turn = self._turns.setdefault(event.lab_id, asyncio.Lock())
            self._kit.tasks.start(self._in_turn(turn, event), name="container event")
        elif isinstance(event, DiskLimitReached | TableFull):
            self._kit.tasks.start(self._stopped(event), name="limit reached")
        elif isinstance(event, EngineGone | EngineBack):
            self._tell_those_at_work("lab.engine_gone" if isinstance(event, EngineGone) else "lab.engine_back")
            for talk in self._conversations.known() if isinstance(event, EngineBack) else ():
                talk.later(talk.session.recheck())

    async def _in_turn(self, turn: asyncio.Lock, event: ContainerEvent) -> None:
        """A lab's events in order: tasks begin as they were made, and a lock lets the longest waiting in first."""
        async with turn:
            try:
                await self._desk.container_event(event)
            except ChatError as error:
                log.info("not delivered: %s", error)
            except DosirakError as error:
                log.warning("an event of a lab went by: %s", error)

    async def _stopped(self, event: DiskLimitReached | TableFull) -> None:
        scope = await self._kit.keeper.scope_of(event.lab_id)
        if scope is not None:
            talk = await self._conversations.find(scope)
            talk.later(talk.post(disk.notice(talk.words, event)))

    def _tell_those_at_work(self, key: str) -> None:
        """Only where the terminal is in use: others need not know."""
        for talk in self._conversations.known():
            if talk.session.attached:
                talk.later(talk.say(key))

    async def _look_at_the_clock(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self._desk.expire()
                await self._kit.keeper.tick(self)
                await self._call_guests()
                await self._kit.store.tidy(self._kit.clock())
            except DosirakError as error:
                log.warning("looking for what ends: %s", error)

    async def _call_guests(self) -> None:
        """As many of those who wait for a lab as there is room for now."""
        keeper = self._kit.keeper
        while (guest := await keeper.reception.next_guest(keeper)) is not None:
            talk = await self._conversations.find(guest.scope)
            talk.later(talk.post(called(talk.words)))

    # --- what the keeper tells ---------------------------------------------------------------------------------------

    def is_in_use(self, record: LabRecord) -> bool:
        """A command runs, or a page is open."""
        return self._conversations.busy(record.scope) or bool(self._kit.pages.of_lab(record.lab_id))

    async def warned(self, record: LabRecord) -> None:
        talk = await self._conversations.find(record.scope)
        talk.later(talk.post(warning(talk.words, record, self._kit.clock())))

    async def ending(self, record: LabRecord) -> None:
        await self._desk.lab_ends(record)

    async def ended(self, record: LabRecord, closed: ClosedLab) -> None:
        """Its time was up, or somebody had closed it before and that broke off."""
        talk = await self._conversations.find(record.scope)
        key = "lab.ended" if record.ends_at <= self._kit.clock() else "lab.closed"
        talk.later(talk.say(key, containers=closed.containers))

    async def gave_way(self, record: LabRecord, closed: ClosedLab) -> None:
        """A lab that had rested for long was closed, since the disk is needed."""
        talk = await self._conversations.find(record.scope)
        talk.later(talk.say("lab.gave_way", containers=closed.containers))
