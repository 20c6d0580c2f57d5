"""The reverse proxy: one request of a visitor, one request to the container, both streamed."""

from __future__ import annotations

import asyncio
import errno

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientOSError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    ServerDisconnectedError,
    ServerTimeoutError,
    TCPConnector,
    web,
)
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from yarl import URL

from bot.errors import ContainerReturns, EngineError, EngineNotFound, LabError
from bot.pages.address import Addresses
from bot.pages.body import Body
from bot.pages.connection import CONNECT_SECONDS, IDLE_SECONDS, Connection, Connections, Unreachable
from bot.pages.friendly import answer
from bot.pages.headers import PREVIEW_AGENT, request_head, upstream_headers, visitor_headers
from bot.pages.notices import Notice
from bot.pages.page import Upstreams
from bot.pages.route import Route
from bot.pages.slots import Busy
from bot.pages.websocket import Refused, bridge, is_websocket
from bot.tasks import TaskShelf

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Safe methods (RFC 9110, section 9.2.1): may be asked again when a kept connection turned out to be dead."""


class Proxy:
    def __init__(self, addresses: Addresses, upstreams: Upstreams) -> None:
        self._addresses = addresses
        self._upstreams = upstreams
        self._connections = Connections(upstreams)
        self._senders = TaskShelf()
        self._websockets: ClientSession | None = None

    async def open(self) -> None:
        self._websockets = ClientSession(
            connector=TCPConnector(limit=0, force_close=True, socket_factory=self._upstreams.make_socket),
            # Cookies are the visitor's, not the proxy's.
            cookie_jar=DummyCookieJar(),
            skip_auto_headers=("User-Agent",),
            timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        )

    async def close(self) -> None:
        await self._senders.close()
        self._connections.close()
        if self._websockets is not None:
            await self._websockets.close()

    async def forward(self, request: web.BaseRequest, route: Route) -> web.StreamResponse:
        """The container's answer, or a notice that says why there is none."""
        if request.method == "CONNECT":
            return answer(request, Notice.NOT_HERE)
        body = Body(request) if request.body_exists else None
        if body is not None and body.too_large:
            return answer(request, Notice.TOO_LARGE)
        if body is not None and request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            if is_websocket(request):
                async with route.slots.websocket():
                    return await self._bridge(request, route)
            await route.slots.take()
            try:
                return await self._exchange(request, route, body)
            finally:
                route.slots.give_back()
        except Exception as error:
            notice = _notice(error, route, body)
            if notice is None:
                raise
            route.lose_address()
            return answer(request, notice, route.page)

    async def _exchange(self, request: web.BaseRequest, route: Route, body: Body | None) -> web.StreamResponse:
        """Ask over a kept connection; over a new one when that was dead already and asking again does no harm."""
        address = await route.address()
        connection = await self._connections.take(address)
        try:
            return await self._over(connection, address, request, route, body)
        except (ServerDisconnectedError, ClientOSError, ConnectionResetError):
            if connection.is_fresh or connection.has_answered or body is not None or request.method not in _REPEATABLE:
                raise
        connection = await self._connections.take(address, fresh=True)
        return await self._over(connection, address, request, route, body)

    async def _over(
        self,
        connection: Connection,
        address: tuple[str, int],
        request: web.BaseRequest,
        route: Route,
        body: Body | None,
    ) -> web.StreamResponse:
        sender = None
        try:
            headers = upstream_headers(request.raw_headers, peer=request.remote, scheme=self._addresses.scheme)
            if body is not None and body.is_chunked:
                headers.append((b"Transfer-Encoding", b"chunked"))
            connection.send_head(
                request_head(request.method, _target(request), headers), has_answer_body=request.method != "HEAD"
            )
            if body is not None:
                sending = connection.send_body(body.chunks(route.pay), chunked=body.is_chunked)
                sender = self._senders.start(sending, name="page upload")
            message, payload = await connection.answer(body_follows=sender is not None)
            if _is_visit(request):
                route.visits += 1
            return await _pass_on(request, route, message, payload, address)
        finally:
            if sender is not None and not sender.done():
                # The container answered before it had read all: the rest is not for the next request to meet.
                connection.close()
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)
            self._connections.give_back(address, connection)

    async def _bridge(self, request: web.BaseRequest, route: Route) -> web.StreamResponse:
        assert self._websockets is not None
        host, port = await route.address()
        headers = upstream_headers(request.raw_headers, peer=request.remote, scheme=self._addresses.scheme)
        url = URL(f"ws://{host}:{port}{_target(request)}", encoded=True)
        try:
            return await bridge(request, self._websockets, url, headers, route.pay)
        except Refused as refused:
            return web.Response(status=refused.status, text=f"{refused.status}\n")


async def _pass_on(
    request: web.BaseRequest,
    route: Route,
    message: RawResponseMessage,
    payload: StreamReader,
    address: tuple[str, int],
) -> web.StreamResponse:
    """The answer to the visitor: in one piece when it is all there already, else as it comes in."""
    headers = visitor_headers(message.headers, page=route.page, address=address, url=route.url)
    if payload.is_eof() and payload is not EMPTY_PAYLOAD:
        whole = payload.read_nowait()
        await route.pay(len(whole))
        return web.Response(status=message.code, reason=message.reason, headers=headers, body=whole)
    response = web.StreamResponse(status=message.code, reason=message.reason, headers=headers)
    await response.prepare(request)
    try:
        while chunk := await payload.readany():
            async with asyncio.timeout(IDLE_SECONDS):
                await response.write(chunk)
            await route.pay(len(chunk))
        await response.write_eof()
    except (ClientError, ConnectionError, TimeoutError):
        # Half an answer is sent, or the visitor is gone or asleep. The visitor must not take it for a whole one.
        if request.transport is not None:
            request.transport.abort()
    return response


def _target(request: web.BaseRequest) -> str:
    """The visitor's path and query byte for byte: what looks equal to us may not be equal to the container."""
    return request.raw_path if request.raw_path.startswith("/") else str(request.rel_url)


def _is_visit(request: web.BaseRequest) -> bool:
    """A document, not its pictures and scripts: browsers say which; what says nothing (curl) is counted."""
    headers = request.headers
    if request.method != "GET" or headers.get("Sec-Fetch-Dest", "document") != "document":
        return False
    return PREVIEW_AGENT not in headers.get("User-Agent", "")


def _notice(error: Exception, route: Route, body: Body | None) -> Notice | None:
    """What to tell the visitor about an error before the answer began, most specific first; None: a fault of ours."""
    match error:
        case _ if body is not None and body.too_large:
            return Notice.TOO_LARGE
        case Busy():
            return Notice.BUSY
        case EngineNotFound():
            route.is_gone = True
            return Notice.OVER
        case EngineError():
            return Notice.AWAY
        case ContainerReturns():
            return Notice.RETURNING
        case LabError() | Unreachable() | ConnectionTimeoutError():
            return Notice.STOPPED
        case ServerTimeoutError():
            return Notice.SLOW
        case ConnectionRefusedError():
            return Notice.STARTING if route.is_starting else Notice.SILENT
        case ClientConnectorError() if error.os_error.errno == errno.ECONNREFUSED:
            return Notice.STARTING if route.is_starting else Notice.SILENT
        case ClientConnectorError():
            return Notice.STOPPED
        case ClientError() | HttpProcessingError() | ConnectionError():
            return Notice.BROKEN
        case _:
            return None
