"""The bot's update queue: ids that only grow, confirmation by offset, filtered by what the bot asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

OPT_IN = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that a bot gets only when it names them (Bot API, getUpdates)."""
MAX_WAITING = 10_000
"""A bot that was away for long loses the oldest, as Telegram drops updates after a day."""

Update = dict[str, Any]


class Updates:
    """What the bot has not confirmed yet."""

    def __init__(self, waiting: Iterable[Update] = (), next_id: int = 1, allowed: Iterable[str] | None = None) -> None:
        self.waiting: list[Update] = list(waiting)
        self.next_id = next_id
        self.allowed = frozenset(allowed) if allowed is not None else None
        self._arrived = asyncio.Event()
        self._poll = 0

    def add(self, kind: str, payload: Any) -> None:
        """Queue an update, unless the bot does not want its kind."""
        if not self._wants(kind):
            return
        self.waiting.append({"update_id": self.next_id, kind: payload})
        self.next_id += 1
        del self.waiting[:-MAX_WAITING]
        self._arrived.set()

    def _wants(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in OPT_IN

    def confirm(self, offset: int) -> None:
        """Forget what lies before `offset`; a negative one keeps only the last `-offset`."""
        if offset < 0:
            del self.waiting[:offset]
        elif offset > 0:
            self.waiting = [update for update in self.waiting if update["update_id"] >= offset]

    async def poll(self, limit: int, timeout: float) -> list[Update] | None:
        """Up to `limit` updates, waiting for the first one; None when another poll took over meanwhile."""
        self._poll += 1
        mine = self._poll
        self._arrived.set()
        deadline = asyncio.get_running_loop().time() + timeout
        while mine == self._poll:
            if self.waiting:
                return self.waiting[:limit]
            self._arrived = asyncio.Event() if self._arrived.is_set() else self._arrived
            try:
                async with asyncio.timeout_at(deadline):
                    await self._arrived.wait()
            except TimeoutError:
                return [] if mine == self._poll else None
        return None

    def wake(self) -> None:
        """End every waiting poll (the server closes)."""
        self._poll += 1
        self._arrived.set()
