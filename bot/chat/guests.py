"""Whom the bot talks to: everybody, unless the operator has made lists; and who may see its figures."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from telegram import Update

from bot.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GuestList:
    """Ids of people, and of chats, from the settings. `allowed` empty: everybody who is not banned."""

    admins: frozenset[int] = frozenset()
    banned: frozenset[int] = frozenset()
    allowed: frozenset[int] = frozenset()


class Guests:
    """`load` once at the start: afterwards each update is judged without asking the store."""

    def __init__(self, store: Store, guests: GuestList, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._list = guests
        self._clock = clock
        self._banned = set(guests.banned)
        self._allowed = set(guests.allowed)

    async def load(self) -> None:
        self._banned |= await self._store.bans.all()

    def is_admin(self, user_id: int) -> bool:
        return user_id in self._list.admins

    def is_banned(self, update: Update) -> bool:
        """Somebody who is not answered at all. Admins cannot lock themselves out."""
        user, chat = update.effective_user, update.effective_chat
        if user is not None and self.is_admin(user.id):
            return False
        return bool({one.id for one in (user, chat) if one is not None} & self._banned)

    def is_invited(self, update: Update) -> bool:
        """Where there is a list of those allowed: the person or the group is on it."""
        user, chat = update.effective_user, update.effective_chat
        ids = {one.id for one in (user, chat) if one is not None}
        return not self._list.allowed or bool(ids & (self._allowed | self._list.admins))

    async def ban(self, who: int) -> None:
        """A person or a chat, from now on and after a restart."""
        self._banned.add(who)
        await self._store.bans.add(who, self._clock())

    async def move(self, old_chat_id: int, new_chat_id: int) -> None:
        """A group has another id from now on: what was said of it holds for that."""
        if old_chat_id in self._banned and new_chat_id not in self._banned:
            await self.ban(new_chat_id)
        if old_chat_id in self._allowed and new_chat_id not in self._allowed:
            self._allowed.add(new_chat_id)
            log.warning("a group that the settings allow has another id now, to be put there: %d", new_chat_id)

    async def unban(self, who: int) -> bool:
        """False when the ban stands in the settings, where only the operator can take it out."""
        await self._store.bans.remove(who)
        if who in self._list.banned:
            return False
        self._banned.discard(who)
        return True
