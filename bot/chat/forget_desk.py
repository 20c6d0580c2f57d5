"""/forget: what is stored about a person, or about a group, is removed; both after a question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.chat.admins import Admins
from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.conversations import Conversations
from bot.chat.driving import DriverDesk
from bot.chat.keeper import Keeper
from bot.chat.message import Outgoing, button, rows
from bot.chat.pages_desk import PagesDesk
from bot.chat.withdrawal import ENDED, LAST_FRAME, withdraw
from bot.errors import DosirakError
from bot.identity import Scope
from bot.richtext import RichText

log = logging.getLogger(__name__)


class ForgetDesk:
    """`mine`: the person in every chat, and their private chat as a whole. `ours`: this group, with all its topics."""

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
            await self._group(talk)
            await talk.show(cause, Outgoing(RichText(talk.words("forget.ours_done"))))
        else:
            await talk.answer(cause)
            await talk.show(cause, Outgoing(RichText(talk.words("forget.kept"))))

    async def _person(self, talk: Conversation, cause: Cause) -> None:
        person = cause.person.id
        talk.kit.forgetting.begin(person)
        await self._conversations.find(Scope(person))
        reception = talk.kit.keeper.reception
        for scope in reception.waiting.of_person(person):
            await reception.take_back(scope, person)
        for group in self._conversations.known():
            await withdraw(group, person)  # Of a command of theirs that runs on nothing is noted in the end.
        async with self._emptied(talk, person):
            driven = await talk.kit.store.forget_user(person)
        for scope in driven:
            group = await self._conversations.find(scope)
            group.later(self._driver.forgotten(group))
        self._conversations.forget_person(person)
        if not talk.shared:
            await talk.show(cause, Outgoing(RichText(talk.words("forget.mine_done"))))

    async def _group(self, talk: Conversation) -> None:
        async with self._emptied(talk, talk.scope.chat_id):
            await talk.kit.store.forget_chat(talk.scope.chat_id)

    @asynccontextmanager
    async def _emptied(self, talk: Conversation, chat_id: int) -> AsyncIterator[None]:
        """Inside, nothing of this chat waits or runs any more, and its labs are gone with all that is in them.

        Who speaks there meanwhile is heard afterwards, as a newcomer.
        """
        labs = [one.scope for one in await talk.kit.store.labs.all() if one.scope.chat_id == chat_id]
        for scope in labs:
            await self._conversations.find(scope)
        talks = self._conversations.of_chat(chat_id)
        heard = asyncio.Event()
        for one in talks:
            one.forgotten = heard
            one.turns.clear()
            one.drop_tour()
        try:
            await asyncio.gather(*(one.session.cut_off(LAST_FRAME, ENDED) for one in talks))
            for guest in talk.kit.keeper.reception.waiting.of_chat(chat_id):
                await talk.kit.keeper.reception.leave(guest.scope)
            for one in talks:
                await self._end(talk.kit.keeper, one.scope)
            yield
        finally:
            for one in self._conversations.of_chat(chat_id):
                self._conversations.drop(one.scope)
            heard.set()

    async def _end(self, keeper: Keeper, scope: Scope) -> None:
        record = await keeper.last(scope)
        if record is None:
            return
        await self._pages.lab_ends(record)
        try:
            await keeper.end(record)
        except DosirakError as error:
            # Its record goes all the same: what is left has no owner then, and is tried again for as long as it takes.
            log.warning("a lab was not removed at once: %s", error)
