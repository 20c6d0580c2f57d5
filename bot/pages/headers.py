"""Which headers cross the proxy: pure rules, the request's and the answer's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from multidict import CIMultiDict, CIMultiDictProxy

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
_NOT_UPSTREAM = HOP_BY_HOP | {"expect", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded"}
_WEBSOCKET = re.compile("sec-websocket-.*", re.IGNORECASE)
_COOKIE_DOMAIN = re.compile(r";\s*domain\s*=[^;]*", re.IGNORECASE)


def upstream_headers(headers: CIMultiDictProxy[str], *, peer: str | None, scheme: str) -> CIMultiDict[str]:
    """A visitor's headers as the container gets them.

    Host stays as the visitor wrote it: links, redirects and WebSocket origin checks that a program derives from it are
    then right by themselves. `peer` is added to X-Forwarded-For, since a front server may have begun that list.
    """
    dropped = _dropped(headers, _NOT_UPSTREAM)
    kept = CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)
    hops = [*headers.getall("X-Forwarded-For", ()), *([peer] if peer else [])]
    if hops:
        kept["X-Forwarded-For"] = ", ".join(hops)
    kept["X-Forwarded-Host"] = headers.get("Host", "")
    kept["X-Forwarded-Proto"] = scheme
    return kept


def without_websocket(headers: CIMultiDict[str]) -> CIMultiDict[str]:
    """Without the handshake's own headers, which each side of a bridge makes for itself."""
    return CIMultiDict((name, value) for name, value in headers.items() if not _WEBSOCKET.fullmatch(name))


def visitor_headers(headers: CIMultiDictProxy[str], *, own_hosts: Iterable[str], url: str) -> CIMultiDict[str]:
    """A container's headers as the visitor gets them.

    Cookies stay on this page (a Domain could reach the neighbours); redirects to the container's own address lead to
    the page's; robots are told to stay away; and the address, which is the key, is not told to other sites.
    """
    dropped = _dropped(headers, HOP_BY_HOP)
    kept = CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)
    if "Set-Cookie" in kept:
        cookies = [_COOKIE_DOMAIN.sub("", cookie) for cookie in kept.popall("Set-Cookie")]
        kept.extend(("Set-Cookie", cookie) for cookie in cookies)
    if "Location" in kept:
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


def _dropped(headers: Mapping[str, str], fixed: frozenset[str]) -> frozenset[str] | set[str]:
    connection = headers.get("Connection")
    if connection is None:
        return fixed
    return fixed | {name.strip().lower() for name in connection.split(",")}
