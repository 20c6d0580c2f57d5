"""Who may use the local chat: a browser on this machine that opened the page itself, and nobody through it.

Other sites, and the learners' own web pages on `<token>.localhost`, share the browser with this page. Host is checked
against DNS rebinding, Origin on all that changes or streams, and a cookie of this run on everything under `/api`.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web

HOSTS = ("localhost", "127.0.0.1", "[::1]")
HEADER = "X-Dosirak-Session"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Middleware(Protocol):
    """What aiohttp calls around a handler."""

    def __call__(self, request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]: ...


def own_port(request: web.Request) -> int:
    """The port that this connection came to."""
    address = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return int(address[1]) if isinstance(address, tuple) else 0


def guard(session: str) -> Middleware:
    """A middleware that lets only this run's own page in."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        port = own_port(request)
        hosts = {f"{host}:{port}" for host in HOSTS} | ({*HOSTS} if port == 80 else set())
        if request.host not in hosts:
            raise web.HTTPMisdirectedRequest(text=f"Open http://localhost:{port}/ on this machine.\n")
        if request.path.startswith("/api/"):
            _check_session(request, session, port)
            _check_origin(request)
        response = await handler(request)
        if not response.prepared:
            _harden(request, response)
        return response

    return check


def _check_session(request: web.Request, session: str, port: int) -> None:
    given = request.headers.get(HEADER) or request.cookies.get(cookie_name(port)) or ""
    if not secrets.compare_digest(given.encode(), session.encode()):
        raise web.HTTPForbidden(text="Open the chat page again: the bot was started anew.\n")


def _check_origin(request: web.Request) -> None:
    changes = request.method not in ("GET", "HEAD") or request.path == "/api/live"
    origin = request.headers.get("Origin")
    if (changes or origin is not None) and origin != f"http://{request.host}":
        raise web.HTTPForbidden(text="This request comes from another page.\n")


def cookie_name(port: int) -> str:
    """Cookies are shared by all ports of a host: the name keeps two bots on one machine apart."""
    return f"dosirak_session_{port}"


def _harden(request: web.Request, response: web.StreamResponse) -> None:
    connect = f"connect-src 'self' ws://{request.host}"
    pictures = "img-src 'self' blob:"
    rest = "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    response.headers["Content-Security-Policy"] = f"default-src 'self'; {connect}; {pictures}; {rest}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
