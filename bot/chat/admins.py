"""Who is an admin of a group, as Telegram says it; remembered for a minute, since each tap may ask."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from telegram import Bot
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError

from bot.identity import Scope

log = logging.getLogger(__name__)

KEPT_SECONDS = 60.0
"""An admin who was just appointed waits at most so long."""
KEPT_MEMBERS = 2000
ANONYMOUS_ADMIN = 1087968824
"""The account in whose name Telegram sends what an admin writes as the group itself."""
_ADMINS = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})
_HERE = _ADMINS | {ChatMemberStatus.MEMBER, ChatMemberStatus.RESTRICTED}


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody's place in a group."""

    name: str
    is_member: bool
    is_admin: bool


STRANGER = Standing("", is_member=False, is_admin=False)


class Admins:
    """Asks Telegram with `getChatMember`."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._known: dict[tuple[int, int], tuple[float, Standing]] = {}

    async def is_admin(self, scope: Scope, user_id: int) -> bool:
        """True for everybody in their own private chat."""
        if scope.is_private or user_id == ANONYMOUS_ADMIN:
            return True
        return (await self.standing(scope, user_id)).is_admin

    async def standing(self, scope: Scope, user_id: int) -> Standing:
        """A stranger also when Telegram does not say: nobody gets a right by an outage."""
        now = asyncio.get_running_loop().time()
        known = self._known.get((scope.chat_id, user_id))
        if known is not None and now - known[0] < KEPT_SECONDS:
            return known[1]
        try:
            member = await self._bot.get_chat_member(scope.chat_id, user_id)
        except TelegramError as error:
            log.info("a member's standing is unknown: %s", type(error).__name__)
            return STRANGER
        found = Standing(member.user.full_name, member.status in _HERE, member.status in _ADMINS)
        self._keep((scope.chat_id, user_id), (now, found))
        return found

    def _keep(self, member: tuple[int, int], found: tuple[float, Standing]) -> None:
        self._known.pop(member, None)
        self._known[member] = found
        if len(self._known) > KEPT_MEMBERS:
            del self._known[next(iter(self._known))]
