"""Which headers cross the proxy."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from bot.identity import LabId
from bot.pages import Page
from bot.pages.headers import HOP_BY_HOP, public_location, upstream_headers, visitor_headers

URL = "http://token.localhost:8080/"
OWN = ("token.localhost:8080", "10.0.0.2:80", "localhost:8088")


PAGE = Page("token", LabId("0123456789"), "c", "web", 8088, 80, datetime.now(UTC), datetime.now(UTC))


def raw(*pairs: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in pairs]


def down(*pairs: tuple[str, str]) -> CIMultiDict[str]:
    return visitor_headers(proxied(*pairs), page=PAGE, address=("10.0.0.2", 80), url=URL)


def proxied(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


def test_headers_for_one_connection_stay_on_it() -> None:
    """Hop-by-hop headers and those that Connection names go neither way; the rest goes both."""
    hops = [(name.title(), "x") for name in HOP_BY_HOP if name != "connection"]
    headers = [*hops, ("Connection", "close, X-Mine"), ("X-Mine", "1"), ("X-Kept", "a"), ("X-Kept", "b")]
    up = CIMultiDict(
        (name.decode(), value.decode()) for name, value in upstream_headers(raw(*headers), peer=None, scheme="http")
    )
    for crossed in (up, down(*headers)):
        assert not {name.lower() for name in crossed} & (HOP_BY_HOP | {"x-mine"})
        assert crossed.getall("X-Kept") == ["a", "b"]


def test_a_visitor_cannot_take_away_what_frames_the_request() -> None:
    """Connection that names Host or Content-Length is not obeyed: the container must read the request that we read."""
    headers = raw(("Host", "h"), ("Content-Length", "5"), ("Connection", "Host, content-length"))
    assert {name for name, _ in upstream_headers(headers, peer=None, scheme="http")} >= {b"Host", b"Content-Length"}


def test_the_container_learns_who_asks_and_for_what() -> None:
    """Host as the visitor wrote it, the visitor's address after those of front servers, the public scheme."""
    headers = raw(
        ("Host", "token.localhost:8080"), ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "lies"), ("Expect", "1")
    )
    assert upstream_headers(headers, peer="127.0.0.1", scheme="https") == raw(
        ("Host", "token.localhost:8080"),
        ("X-Forwarded-For", "1.2.3.4, 127.0.0.1"),
        ("X-Forwarded-Host", "token.localhost:8080"),
        ("X-Forwarded-Proto", "https"),
    )


def test_a_page_is_not_for_robots_nor_its_address_for_other_sites() -> None:
    """X-Robots-Tag is always ours; a Referrer-Policy only where the container has none."""
    bare = down(("X-Robots-Tag", "all"))
    assert bare.getall("X-Robots-Tag") == ["noindex, nofollow"]
    assert bare["Referrer-Policy"] == "same-origin"
    own = down(("Referrer-Policy", "no-referrer"))
    assert own["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("a=1; Path=/; Domain=.localhost; HttpOnly", "a=1; Path=/; HttpOnly"),
        ("a=1;domain=pages.example.org", "a=1"),
        ("a=domain=x; Secure", "a=domain=x; Secure"),
    ],
)
def test_a_cookie_stays_on_its_page(cookie: str, expected: str) -> None:
    """Without Domain a cookie goes to this host alone; all cookies of an answer are kept, in order."""
    headers = down(("Set-Cookie", cookie), ("Set-Cookie", "b=2"))
    assert headers.getall("Set-Cookie") == [expected, "b=2"]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/next", "/next"),
        ("next?a=1", "next?a=1"),
        ("http://localhost:8088/next?a=1#b", "http://token.localhost:8080/next?a=1#b"),
        ("http://10.0.0.2:80", "http://token.localhost:8080/"),
        ("https://TOKEN.localhost:8080//x", "http://token.localhost:8080//x"),
        ("http://localhost:8088?a=1", "http://token.localhost:8080/?a=1"),
        ("https://example.org/", "https://example.org/"),
        ("http://localhost:9999/", "http://localhost:9999/"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_a_redirect_to_the_container_itself_leads_to_the_page(location: str, expected: str) -> None:
    """Addresses that only the container knows become the public one; all others stay."""
    assert public_location(location, own_hosts=OWN, url=URL) == expected
