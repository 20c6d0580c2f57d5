"""The Bot API's methods as calls: a form goes out, and what a method gives comes back as it is.

The library's methods make its objects of our values, forms of its objects, and objects again of the answers. For a bot
that sends ready texts and reads one number of an answer, that is most of the work of a tap.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.chat.transport import AiohttpRequest, Unanswered


def encoded(**fields: Any) -> bytes:
    """Fields as a form: what is no text as JSON, and what is None not at all."""
    return urlencode({name: _plain(value) for name, value in fields.items() if value is not None}).encode()


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else _JSON.encode(value)


class BotApi:
    """One bot's methods, on a transport. They raise what the library's would: TelegramError and those below it."""

    def __init__(self, transport: AiohttpRequest, url: str) -> None:
        """`url` ends with the bot's token."""
        self._transport = transport
        self._url = url

    async def call(self, method: str, *forms: bytes, aside: bool = False) -> Any:
        """Call a method with a form, which may be in parts. `aside`: nobody misses it, so it is soon given up."""
        return _result(*await self._transport.send_form(f"{self._url}/{method}", b"&".join(forms), aside=aside))

    async def upload(self, method: str, part: str, name: str, content: bytes, **fields: Any) -> Any:
        """Call a method with a file; it is the part of this name."""
        plain = {key: _plain(value) for key, value in fields.items() if value is not None}
        return _result(*await self._transport.send_file(f"{self._url}/{method}", plain, part, name, content))


def _result(status: int, body: bytes) -> Any:
    try:
        answer = json.loads(body)
    except ValueError:
        # What stands between the bot and Telegram may answer with a page of its own.
        unclear = status in (HTTPStatus.OK, HTTPStatus.GATEWAY_TIMEOUT)
        error = Unanswered if unclear else NetworkError
        raise error(f"the Bot API server's answer is not JSON ({status})") from None
    if status == HTTPStatus.OK:
        return answer["result"]
    raise _error(status, answer)


def _error(status: int, answer: Mapping[str, Any]) -> TelegramError:
    """By the status, as the library does; https://core.telegram.org/bots/api#making-requests."""
    message = str(answer.get("description", status))
    if new_chat_id := answer.get("parameters", {}).get("migrate_to_chat_id"):
        return ChatMigrated(new_chat_id)
    match status:
        case HTTPStatus.BAD_REQUEST:
            return BadRequest(message)
        case HTTPStatus.FORBIDDEN:
            return Forbidden(message)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.NOT_FOUND:
            return InvalidToken(message)
    return Unanswered(message) if status == HTTPStatus.GATEWAY_TIMEOUT else NetworkError(message)
