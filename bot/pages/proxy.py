"""The reverse proxy: one request of a visitor, one request to the container, both streamed."""

from __future__ import annotations

import errno

from aiohttp import (
    ClientConnectionError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    ServerTimeoutError,
    TCPConnector,
    web,
)
from yarl import URL

from bot.errors import EngineError, EngineNotFound, LabError
from bot.pages.address import Addresses
from bot.pages.body import Body
from bot.pages.friendly import answer
from bot.pages.headers import upstream_headers, visitor_headers
from bot.pages.notices import Notice
from bot.pages.page import Upstreams
from bot.pages.route import Route
from bot.pages.slots import Busy
from bot.pages.websocket import Refused, bridge, is_websocket

CONNECT_SECONDS = 5.0
"""The container is on this machine: a connection that takes longer never comes."""
IDLE_SECONDS = 60.0
"""As long as nginx waits for the next bytes of an answer (its proxy_read_timeout)."""
KEPT_SECONDS = 15.0
"""An idle connection is kept for the next click, not for a container that may have gone meanwhile."""
# aiohttp's client would add these where the visitor sent none.
_NOT_ADDED = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


class Proxy:
    def __init__(self, addresses: Addresses, upstreams: Upstreams) -> None:
        self._addresses = addresses
        self._upstreams = upstreams
        self._session: ClientSession | None = None

    async def open(self) -> None:
        self._session = ClientSession(
            # The number of connections is bounded for each container by its slots.
            connector=TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS, socket_factory=self._upstreams.make_socket),
            # Cookies are the visitor's, not the proxy's.
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_NOT_ADDED,
            timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=IDLE_SECONDS),
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def forward(self, request: web.BaseRequest, route: Route) -> web.StreamResponse:
        """The container's answer, or a notice that says why there is none."""
        if request.method == "CONNECT":
            return answer(request, Notice.NOT_HERE)
        body = Body(request) if request.body_exists else None
        if body is not None and body.too_large:
            return answer(request, Notice.TOO_LARGE)
        try:
            if is_websocket(request):
                async with route.slots.websocket():
                    return await self._bridge(request, route)
            async with route.slots.one():
                return await self._exchange(request, route, body)
        except Exception as error:
            notice = _notice(error, route, body)
            if notice is None:
                raise
            route.lose_address()
            return answer(request, notice, route.page)

    async def _exchange(self, request: web.BaseRequest, route: Route, body: Body | None) -> web.StreamResponse:
        assert self._session is not None
        host, port = await route.address()
        async with self._session.request(
            request.method,
            _url("http", host, port, request),
            headers=upstream_headers(request.headers, peer=request.remote, scheme=self._addresses.scheme),
            data=body.chunks() if body is not None else None,
            allow_redirects=False,
        ) as upstream:
            if _is_visit(request):
                route.visits += 1
            return await self._answer(request, route, upstream)

    async def _answer(self, request: web.BaseRequest, route: Route, upstream: ClientResponse) -> web.StreamResponse:
        page = route.page
        authority = self._addresses.authority(page.token)
        response = web.StreamResponse(
            status=upstream.status,
            reason=upstream.reason,
            headers=visitor_headers(
                upstream.headers,
                own_hosts=(authority, f"{upstream.url.host}:{upstream.url.port}", f"localhost:{page.host_port}"),
                url=self._addresses.url(page),
            ),
        )
        await response.prepare(request)
        try:
            async for chunk in upstream.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
        except (ClientError, ConnectionError, TimeoutError):
            # Half an answer is sent, or the visitor is gone. The visitor must not take it for a whole one.
            if request.transport is not None:
                request.transport.abort()
        return response

    async def _bridge(self, request: web.BaseRequest, route: Route) -> web.StreamResponse:
        assert self._session is not None
        host, port = await route.address()
        headers = upstream_headers(request.headers, peer=request.remote, scheme=self._addresses.scheme)
        try:
            return await bridge(request, self._session, _url("ws", host, port, request), headers)
        except Refused as refused:
            return web.Response(status=refused.status, text=f"{refused.status}\n")


def _url(scheme: str, host: str, port: int, request: web.BaseRequest) -> URL:
    """The visitor's path and query byte for byte: what looks equal to us may not be equal to the container."""
    target = request.raw_path
    if not target.startswith("/"):
        target = str(request.rel_url)
    return URL(f"{scheme}://{host}:{port}{target}", encoded=True)


def _is_visit(request: web.BaseRequest) -> bool:
    """A document, not its pictures and scripts: browsers say which; what says nothing (curl) is counted."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document"


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
        case LabError():
            return Notice.STOPPED
        case ConnectionTimeoutError():
            return Notice.STOPPED
        case ServerTimeoutError():
            return Notice.SLOW
        case ClientConnectorError() if error.os_error.errno == errno.ECONNREFUSED:
            return Notice.STARTING if route.is_starting else Notice.SILENT
        case ClientConnectorError():
            return Notice.STOPPED
        case ClientConnectionError() | ClientError():
            return Notice.BROKEN
        case _:
            return None
