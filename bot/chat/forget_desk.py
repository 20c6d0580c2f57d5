"""/forget: what is stored about a person, or about a group, is removed; both after a question."""

from __future__ import annotations

import logging

from bot.chat.admins import Admins
from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.conversations import Conversations
from bot.chat.driving import DriverDesk
from bot.chat.message import Outgoing, button, rows
from bot.chat.pages_desk import PagesDesk
from bot.errors import DosirakError
from bot.identity import Scope
from bot.richtext import RichText

log = logging.getLogger(__name__)

LAST_FRAME = 3.0
"""Seconds that a command's message may take to its end after its lab has gone."""


class ForgetDesk:
    """`mine`: the person in every chat, and their private chat as a whole. `ours`: this group or topic."""

    def __init__(self, conversations: Conversations, pages: PagesDesk, admins: Admins, driver: DriverDesk) -> None:
        self._conversations = conversations
        self._pages = pages
        self._admins = admins
        self._driver = driver

    async def ask(self, talk: Conversation, cause: Cause) -> None:
        mine = button(talk.words("forget.mine"), "forget", "mine")
        ours = button(talk.words("forget.ours"), "forget", "ours") if talk.shared else None
        no = button(talk.words("forget.no"), "forget", "no")
        said = talk.words("forget.ask_group" if talk.shared else "forget.ask")
        await talk.post(Outgoing(RichText(said), rows((mine, ours), (no,))))

    async def tap(self, talk: Conversation, cause: Cause, what: str) -> None:
        """The answer; in a group anybody may have themselves forgotten, and only admins the group."""
        if what == "mine":
            await talk.answer(cause, talk.words("forget.mine_done"))
            await self._person(talk, cause)
        elif what == "ours" and talk.shared:
            if not await self._admins.is_admin(talk.scope, cause.person.id):
                return await talk.answer(cause, talk.words("forget.admins_only"))
            await talk.answer(cause)
            await self._scope(talk)
            await talk.show(cause, Outgoing(RichText(talk.words("forget.ours_done"))))
        else:
            await talk.answer(cause)
            await talk.show(cause, Outgoing(RichText(talk.words("forget.kept"))))

    async def _person(self, talk: Conversation, cause: Cause) -> None:
        private = await self._conversations.find(Scope(cause.person.id))
        await self._empty(private)
        reception = talk.kit.keeper.reception
        for scope in reception.waiting.of_person(cause.person.id):
            await reception.take_back(scope, cause.person.id)
        for scope in await talk.kit.store.forget_user(cause.person.id):
            group = await self._conversations.find(scope)
            group.later(self._driver.forgotten(group))
        self._conversations.forget_person(cause.person.id)
        if not talk.shared:
            await talk.show(cause, Outgoing(RichText(talk.words("forget.mine_done"))))

    async def _scope(self, talk: Conversation) -> None:
        await self._empty(talk)
        await talk.kit.store.forget_scope(talk.scope)
        self._conversations.drop(talk.scope)

    async def _empty(self, talk: Conversation) -> None:
        """Nothing waits or runs there any more, and the lab is gone with all that is in it."""
        talk.turns.clear()
        await talk.kit.keeper.reception.leave(talk.scope)
        if talk.tour is not None:
            talk.tour.set()
        record = await talk.kit.keeper.record(talk.scope)
        if record is None:
            return
        await self._pages.lab_ends(record)
        try:
            await talk.kit.keeper.end(record)
        except DosirakError as error:
            # Its record goes all the same: the sweep at the next start finds what is left by its labels.
            log.warning("a lab was not removed at once: %s", error)
        await talk.session.settled(LAST_FRAME)
