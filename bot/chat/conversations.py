"""All conversations that are in memory."""

from __future__ import annotations

import asyncio

from bot.chat.conversation import Conversation
from bot.chat.kit import Kit
from bot.chat.message import Outgoing
from bot.identity import Language, Scope
from bot.richtext import RichText

KEPT = 4000
"""Conversations kept in memory, at some 5 KiB; a quiet one is read from the store again when somebody speaks there."""


class Conversations:
    """Finds a scope's conversation, reading it from the store the first time."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._known: dict[Scope, Conversation] = {}
        self._loading = asyncio.Lock()

    async def find(self, scope: Scope, language: Language | None = None) -> Conversation:
        """The conversation; `language` is that of the person who speaks, if one does."""
        async with self._loading:
            talk = self._known.pop(scope, None) or await Conversation.load(scope, self._kit, language)
            self._known[scope] = talk
            self._forget_quiet()
            return talk

    async def say_failed(self, scope: Scope, language: Language) -> None:
        """Something went wrong; said without the store, in this language where nothing is known of the conversation."""
        talk = self._known.get(scope)
        words = talk.words if talk is not None else self._kit.texts[language]
        await self._kit.sender.send(scope, Outgoing(RichText(words("note.failed"))))

    async def move(self, old_chat_id: int, new_chat_id: int) -> None:
        """A group became a supergroup: its conversations, also those with a running command, go on under the new id."""
        async with self._loading:
            await self._kit.store.move_chat(old_chat_id, new_chat_id)
            self._kit.keeper.move(old_chat_id, new_chat_id)
            for scope in [scope for scope in self._known if scope.chat_id == old_chat_id]:
                talk = self._known.pop(scope)
                talk.move(new_chat_id)
                self._known[talk.scope] = talk

    def drop(self, scope: Scope) -> None:
        """Read it anew from the store when somebody speaks there again."""
        self._known.pop(scope, None)

    def forget_person(self, user_id: int) -> None:
        """Their private chat, and their name wherever they spoke."""
        self.drop(Scope(user_id))
        for talk in self._known.values():
            talk.people.pop(user_id, None)

    def busy(self, scope: Scope) -> bool:
        """Whether a command runs there."""
        talk = self._known.get(scope)
        return talk is not None and talk.session.busy

    async def cut_off(self, seconds: float) -> None:
        """No command is followed any longer; their messages get their ends within so many seconds."""
        await asyncio.gather(*(talk.session.cut_off(seconds) for talk in self.known()))

    def known(self) -> tuple[Conversation, ...]:
        return tuple(self._known.values())

    def of_chat(self, chat_id: int) -> tuple[Conversation, ...]:
        """A private chat's, or those of a group's topics."""
        return tuple(talk for talk in self._known.values() if talk.scope.chat_id == chat_id)

    def _forget_quiet(self) -> None:
        """The longest unused go first; one whose terminal is in use stays."""
        spare = len(self._known) - KEPT
        for scope, talk in list(self._known.items()) if spare > 0 else ():
            if spare <= 0:
                return
            if not talk.session.attached:
                del self._known[scope]
                spare -= 1
