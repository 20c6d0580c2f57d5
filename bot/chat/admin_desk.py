"""/admin, /ban and /unban: figures and the guest list, for the people whom the operator has named."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.conversations import Conversations
from bot.chat.guests import Guests
from bot.chat.keeper import Keeper
from bot.chat.pages_desk import PagesDesk
from bot.chat.withdrawal import expel
from bot.errors import DosirakError
from bot.learning.capacity import HostRoom
from bot.store import LabRecord, LabState

log = logging.getLogger(__name__)

GIB = 1024**3
ID_DIGITS = 18
"""Telegram's ids have at most 52 bits; more digits than these do not fit the store."""
REFUSALS_SHOWN = 8


class HostView(Protocol):
    """What the sandbox host tells of itself."""

    @property
    def engine_answers(self) -> bool: ...
    @property
    def refusals(self) -> Mapping[str, int]: ...


class NoHost:
    """Where nothing is measured."""

    engine_answers = True
    refusals: Mapping[str, int] = {}


class AdminDesk:
    """Whoever is not an admin is told what everybody is told about an unknown command."""

    def __init__(self, conversations: Conversations, guests: Guests, host: HostView, pages: PagesDesk) -> None:
        self._conversations = conversations
        self._guests = guests
        self._host = host
        self._pages = pages

    async def show(self, talk: Conversation, cause: Cause) -> None:
        if not self._guests.is_admin(cause.person.id):
            return await self._unknown(talk)
        records = await talk.kit.store.labs.all()
        states = Counter(record.state for record in records)
        now, reception = talk.kit.clock(), talk.kit.keeper.reception
        room = await self._room(talk)
        people = talk.kit.store.audit
        refused = Counter(dict(self._host.refusals)).most_common(REFUSALS_SHOWN)
        await talk.say(
            "admin.figures",
            open=states[LabState.OPEN] + states[LabState.OPENING],
            most=reception.bounds.labs,
            parked=states[LabState.PARKED],
            waiting=len(reception.waiting),
            day=await people.people_since(now - timedelta(days=1)),
            month=await people.people_since(now - timedelta(days=30)),
            refusals=", ".join(f"{code} {count}" for code, count in refused) or "0",
            engine=talk.words("admin.answers" if self._host.engine_answers else "admin.silent"),
            memory=_gib(room.memory if room else None),
            disk=_gib(room.disk if room else None),
            tasks=len(asyncio.all_tasks()),
        )

    async def _room(self, talk: Conversation) -> HostRoom | None:
        try:
            return await talk.kit.keeper.reception.meter.free()
        except DosirakError:
            return None

    async def ban(self, talk: Conversation, cause: Cause, rest: str) -> None:
        """`/ban 1234`: a person or a chat is not answered any more."""
        if (who := await self._named(talk, cause, rest)) is not None:
            await self._guests.ban(who)
            await talk.say("admin.banned", who=who)
            talk.later(self._close_labs(talk, who))

    async def _close_labs(self, talk: Conversation, who: int) -> None:
        """What the banned person or chat has open ends too: programs, pages, a place in the queue; and in a group what
        the person has asked for is interrupted, or does not begin."""
        for known in self._conversations.known():
            await expel(known, who)
        keeper = talk.kit.keeper
        for guest in keeper.reception.waiting.of_chat(who):
            await keeper.reception.leave(guest.scope)
        for scope in keeper.reception.waiting.of_person(who):
            await keeper.reception.take_back(scope, who)
        labs = [record for record in await talk.kit.store.labs.all() if record.scope.chat_id == who]
        closed = sum([await self._closed(keeper, record) for record in labs])
        if closed:
            await talk.say("admin.banned_lab", n=closed)
        if closed < len(labs):
            await talk.say("admin.banned_lab_stays", n=len(labs) - closed)

    async def _closed(self, keeper: Keeper, record: LabRecord) -> bool:
        """False when it is for the keeper's clock to try again: the others of a forum do not wait for that."""
        try:
            await self._pages.lab_ends(record)
            await keeper.end(record)
        except DosirakError as error:
            log.warning("a banned chat's lab could not be closed: %s", error)
            return False
        return True

    async def unban(self, talk: Conversation, cause: Cause, rest: str) -> None:
        if (who := await self._named(talk, cause, rest)) is not None:
            free = await self._guests.unban(who)
            await talk.say("admin.unbanned" if free else "admin.in_settings", who=who)

    async def _named(self, talk: Conversation, cause: Cause, rest: str) -> int | None:
        if not self._guests.is_admin(cause.person.id):
            await self._unknown(talk)
            return None
        digits = rest.removeprefix("-")
        if digits.isascii() and digits.isdigit() and len(digits) <= ID_DIGITS:
            return int(rest)
        await talk.say("admin.which")
        return None

    async def _unknown(self, talk: Conversation) -> None:
        if not talk.shared:
            await talk.say("note.unknown_command")


def _gib(size: int | None) -> str:
    return "?" if size is None or size > 1 << 50 else f"{size / GIB:.1f}"
