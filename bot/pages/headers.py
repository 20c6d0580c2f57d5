"""Which headers cross the proxy: pure rules, the request's and the answer's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from multidict import CIMultiDict, CIMultiDictProxy

from bot.pages.page import Page

PREVIEW_AGENT = "DosirakPreview"
"""In the User-Agent of our own looks at a page, which are no visits."""

RawHeaders = Iterable[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110, section 7.6.1, and the older list of RFC 2616, section 13.5.1: for one connection, not for the next."""

# "100-continue" was answered by our own server; the forwarded ones are written anew.
_NOT_UPSTREAM = frozenset(name.encode() for name in HOP_BY_HOP) | {
    b"expect",
    b"forwarded",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
}
# Connection may not name these: without them the container would read another request than we did.
_NOT_NAMED = frozenset({b"host", b"content-length"})
_WEBSOCKET = b"sec-websocket-"
_COOKIE_DOMAIN = re.compile(r";\s*domain\s*=[^;]*", re.IGNORECASE)


def upstream_headers(raw: RawHeaders, *, peer: str | None, scheme: str) -> list[tuple[bytes, bytes]]:
    """A visitor's headers as the container gets them.

    Host stays as the visitor wrote it: links, redirects and WebSocket origin checks that a program derives from it are
    then right by themselves. `peer` is added to X-Forwarded-For, since a front server may have begun that list.
    """
    kept: list[tuple[bytes, bytes]] = []
    hops: list[bytes] = []
    named: set[bytes] = set()
    host = b""
    for pair in raw:
        name = pair[0].lower()
        if name not in _NOT_UPSTREAM:
            kept.append(pair)
            if name == b"host":
                host = pair[1]
        elif name == b"connection":
            named.update(word.strip().lower() for word in pair[1].split(b","))
        elif name == b"x-forwarded-for":
            hops.append(pair[1])
    if named := named - _NOT_NAMED:
        kept = [pair for pair in kept if pair[0].lower() not in named]
    if peer:
        hops.append(peer.encode())
    if hops:
        kept.append((b"X-Forwarded-For", b", ".join(hops)))
    kept.append((b"X-Forwarded-Host", host))
    kept.append((b"X-Forwarded-Proto", scheme.encode()))
    return kept


def request_head(method: str, target: str, headers: RawHeaders) -> bytes:
    """The head of a request as it goes over the wire. All parts come from a head that was parsed, so none has a CR."""
    lines = [f"{method} {target} HTTP/1.1".encode("utf-8", "surrogateescape")]
    lines += [b"%b: %b" % pair for pair in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def without_websocket(headers: RawHeaders) -> CIMultiDict[str]:
    """Without the handshake's own headers, which each side of a bridge makes for itself."""
    return CIMultiDict(
        (name.decode(), value.decode("utf-8", "surrogateescape"))
        for name, value in headers
        if not name.lower().startswith(_WEBSOCKET)
    )


def visitor_headers(
    headers: CIMultiDictProxy[str], *, page: Page, address: tuple[str, int], url: str
) -> CIMultiDict[str]:
    """A container's headers as the visitor gets them.

    Cookies stay on this page (a Domain could reach the neighbours); redirects to the container's own address lead to
    the page's; robots are told to stay away; and the address, which is the key, is not told to other sites.

    There is no /robots.txt of ours: a robot that may not fetch a page never reads that it must not list it
    (developers.google.com/search/docs/crawling-indexing/block-indexing), and the container's own is its author's.
    """
    kept = headers.copy()
    if "Connection" in kept:
        for name in ",".join(kept.getall("Connection")).split(","):
            kept.popall(name.strip(), None)
    for name in HOP_BY_HOP:
        kept.popall(name, None)
    if "Set-Cookie" in kept:
        cookies = [_COOKIE_DOMAIN.sub("", cookie) for cookie in kept.popall("Set-Cookie")]
        kept.extend(("Set-Cookie", cookie) for cookie in cookies)
    if "Location" in kept:
        own_hosts = (urlsplit(url).netloc, f"{address[0]}:{address[1]}", f"localhost:{page.host_port}")
        kept["Location"] = public_location(kept["Location"], own_hosts=own_hosts, url=url)
    kept["X-Robots-Tag"] = "noindex, nofollow"
    kept.setdefault("Referrer-Policy", "same-origin")
    # aiohttp would write its own name where the container's program wrote none.
    kept.setdefault("Server", "dosirak")
    return kept


def public_location(location: str, *, own_hosts: Iterable[str], url: str) -> str:
    """A redirect's target; one that names an address of the container itself leads to `url`, the rest stays."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return location
    if parts.scheme not in ("http", "https") or parts.netloc.lower() not in own_hosts:
        return location
    rest = location.split("//", 1)[1][len(parts.netloc) :]
    return url.rstrip("/") + (rest if rest.startswith("/") else "/" + rest)
