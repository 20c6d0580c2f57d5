"""The way on which updates come: what Telegram hands over is kept before it is told that it may forget it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

from bot.chat.transport import AiohttpRequest

Arrived = Callable[[Sequence[dict[str, Any]]], Awaitable[None]]


class Polls(AiohttpRequest):
    """One connection, for getUpdates alone: each answer is an acknowledgement of the one before."""

    def __init__(self, arrived: Arrived, answered: Callable[[int], None] = lambda status: None) -> None:
        """`arrived` is awaited with the updates of an answer (as JSON has them) before anybody else sees them."""
        super().__init__(connections=1, answered=answered)
        self._arrived = arrived

    async def do_request(self, *arguments: Any, **named: Any) -> tuple[int, bytes]:
        """As for any request."""
        status, body = await super().do_request(*arguments, **named)
        if status == HTTPStatus.OK and (updates := _updates(body)):
            await self._arrived(updates)
        return status, body


def _updates(body: bytes) -> list[dict[str, Any]]:
    """Nothing of an answer that has none: the library says what is wrong with it."""
    try:
        found = json.loads(body)["result"]
        return [one for one in found if isinstance(one["update_id"], int)] if isinstance(found, list) else []
    except (ValueError, KeyError, TypeError):
        return []
