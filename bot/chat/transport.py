"""How the bot reaches a Bot API server: HTTP by aiohttp, since the default transport's pool slows down under load.

With 256 calls in flight httpx answers 44 updates a second, aiohttp 1,890 (the pool of httpx looks at every connection
for every connection it hands out).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

MAX_CONNECTIONS = 64
"""Telegram takes about 30 messages a second from a bot: at half a second each 15 at once, and room to spare."""
READ_TIMEOUT = 10.0
"""Seconds for an answer; long polling adds its own time."""
UPLOAD_TIMEOUT = 60.0
"""Seconds for a request that carries files."""
CONNECT_TIMEOUT = 10.0
IDLE_CONNECTION = 30.0
"""Seconds that an unused connection is kept: shorter than servers do, so that a request rarely meets a closed one."""
UNKNOWN_WAIT = 5.0
"""Seconds to wait after a 429 that does not say for how long."""

SLOW_ANSWER = 20.0
"""Seconds on top for an answer that comes in drops: the timeouts above begin anew with each of them."""

CALL = aiohttp.ClientTimeout(READ_TIMEOUT + SLOW_ANSWER, sock_connect=CONNECT_TIMEOUT, sock_read=READ_TIMEOUT)
UPLOAD = aiohttp.ClientTimeout(UPLOAD_TIMEOUT + SLOW_ANSWER, sock_connect=CONNECT_TIMEOUT, sock_read=UPLOAD_TIMEOUT)
ASIDE = aiohttp.ClientTimeout(total=4.0)
"""For what nobody misses (a tap's answer, "typing", a removal): what comes after it must not wait for long."""

FORM = "application/x-www-form-urlencoded"
Body = aiohttp.BytesPayload | aiohttp.FormData | None


class NotSent(NetworkError):
    """No connection: the server has certainly not seen the request, so it may be sent again."""


class Unanswered(NetworkError):
    """The request went out and no sound answer came back: it may have been carried out, or not."""


class TooFast(TelegramError):
    """429: nothing more may go to this chat for `seconds`.

    The library's own RetryAfter is of one type today and another tomorrow, and warns about it with each instance.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"Telegram asks to wait {seconds:g} s")


class AiohttpRequest(BaseRequest):
    """Form or multipart requests on a bounded pool of connections; errors become those of python-telegram-bot."""

    def __init__(
        self, *, connections: int = MAX_CONNECTIONS, answered: Callable[[int], None] = lambda status: None
    ) -> None:
        """`answered` is told the HTTP status of each answer."""
        self._connections = connections
        self._answered = answered
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return READ_TIMEOUT

    async def initialize(self) -> None:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=IDLE_CONNECTION)
            self._session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": self.USER_AGENT})

    async def shutdown(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

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
        """The status and the body. Raises NotSent without a connection, TimedOut without an answer in time, Unanswered
        when the connection breaks before it."""
        default = UPLOAD_TIMEOUT if request_data and request_data.contains_files else READ_TIMEOUT
        read = _chosen(read_timeout, default)
        total = None if read is None else read + SLOW_ANSWER
        timeout = aiohttp.ClientTimeout(total, sock_connect=_chosen(connect_timeout, CONNECT_TIMEOUT), sock_read=read)
        return await self._exchange(method, url, _body(request_data), timeout)

    async def send_form(self, url: str, form: bytes, *, aside: bool = False) -> tuple[int, bytes]:
        """The same for a form that is ready. Raises TooFast too. `aside`: nobody misses it, so it is soon given up."""
        return await self._exchange("POST", url, _form(form), ASIDE if aside else CALL)

    async def send_file(
        self, url: str, fields: Mapping[str, str], part: str, name: str, content: bytes
    ) -> tuple[int, bytes]:
        """The same for fields and a file, which is the part of this name. Raises TooFast too."""
        form = aiohttp.FormData(fields)
        form.add_field(part, content, filename=name)
        return await self._exchange("POST", url, form, UPLOAD)

    async def _exchange(
        self, method: str, url: str, payload: Body, timeout: aiohttp.ClientTimeout
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("the transport is not initialized")
        try:
            async with self._session.request(method, url, data=payload, timeout=timeout) as response:
                body = await response.read()
                self._answered(response.status)
                if response.status == HTTPStatus.TOO_MANY_REQUESTS:
                    raise TooFast(_retry_after(body))
                return response.status, body
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(_reason(error)) from None
        except TimeoutError as error:
            raise TimedOut(_reason(error)) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unanswered(_reason(error)) from None


def _chosen(value: Any, default: float) -> float | None:
    return default if value is BaseRequest.DEFAULT_NONE else value


def _reason(error: BaseException) -> str:
    """The kind of failure alone: an error's own text may hold the URL, and the URL holds the token."""
    return f"no answer from the Bot API server ({type(error).__name__})"


def _retry_after(body: bytes) -> float:
    """The seconds in a 429's body; a proxy in between may answer without any."""
    try:
        return float(json.loads(body)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return UNKNOWN_WAIT


def _form(form: bytes) -> aiohttp.BytesPayload:
    """aiohttp would make a form of the values, and first a boundary for the multipart that it does not become."""
    return aiohttp.BytesPayload(form, content_type=FORM)


def _body(data: RequestData | None) -> Body:
    if data is None:
        return None
    if not data.contains_files:
        return _form(urlencode(data.json_parameters).encode())
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, content_type) in data.multipart_data.items():
        form.add_field(name, content, filename=file_name, content_type=content_type)
    return form
