"""The way on which updates come: what Telegram hands over is kept before it is told that it may forget it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

from telegram.request import BaseRequest, RequestData

from bot.chat.transport import AiohttpRequest

Arrived = Callable[[Sequence[dict[str, Any]]], Awaitable[None]]


class Polls(AiohttpRequest):
    """One connection, for getUpdates alone: each answer is an acknowledgement of the one before."""

    def __init__(self, arrived: Arrived, answered: Callable[[int], None] = lambda status: None) -> None:
        """`arrived` is awaited with the updates of an answer (as JSON has them) before anybody else sees them."""
        super().__init__(connections=1, answered=answered)
        self._arrived = arrived

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """As for any request."""
        timeouts = (read_timeout, write_timeout, connect_timeout, pool_timeout)
        status, body = await super().do_request(url, method, request_data, *timeouts)
        if status == HTTPStatus.OK and (updates := _updates(body)):
            await self._arrived(updates)
        return status, body


def _updates(body: bytes) -> list[dict[str, Any]]:
    """None for an answer that is none: the library says what is wrong with it."""
    try:
        found = json.loads(body)["result"]
        return [one for one in found if isinstance(one["update_id"], int)] if isinstance(found, list) else []
    except (ValueError, KeyError, TypeError):
        return []
