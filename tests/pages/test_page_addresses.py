"""Tokens, hosts and URLs."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.identity import LabId
from bot.pages import Page
from bot.pages.address import TOKEN_BYTES, Addresses, new_token

LOCAL = Addresses("localhost", "http", 8080)
OWN = Addresses("Pages.Example.org", "https", 8080)
NOW = datetime(2026, 11, 24, tzinfo=UTC)
tokens = st.from_regex(r"p[a-z2-7]{26}", fullmatch=True)


def page(token: str) -> Page:
    return Page(token, LabId("0123456789"), "c", "web", 8088, 80, NOW, NOW)


def test_a_token_is_a_dns_label_that_cannot_be_guessed() -> None:
    """Letters and digits, a letter first, at most 63; at least 128 random bits; never twice."""
    made = {new_token() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"[a-z][a-z0-9]{0,62}", token) for token in made)
    assert TOKEN_BYTES * 8 >= 128
    assert all(LOCAL.token_in(f"{token}.localhost") == token for token in made)


@given(tokens)
def test_every_url_is_read_back_as_the_same_page(token: str) -> None:
    """What `url` writes, `token_in` reads, for any domain."""
    for addresses in (LOCAL, OWN, Addresses("a.test:8443", "https", 1), Addresses("lab.localhost", "http", 80)):
        host = addresses.url(page(token)).split("/")[2]
        assert addresses.token_in(host) == token


@given(tokens, st.integers(0, 65535))
def test_case_port_and_a_final_dot_do_not_matter(token: str, port: int) -> None:
    """Browsers and people write a host in several ways."""
    for host in (token.upper() + ".LOCALHOST", f"{token}.localhost:{port}", f"{token}.localhost.:{port}"):
        assert LOCAL.token_in(host) == token


@given(st.text(max_size=80))
def test_any_other_host_is_not_ours(host: str) -> None:
    """Whatever stands in a Host header: a page only if it is exactly token.domain."""
    assert (LOCAL.token_in(host) is not None) == bool(
        re.fullmatch(r"p[a-z2-7]{26}\.localhost\.?(:[0-9]{1,5})?", host.lower())
    )


@given(tokens, st.text(min_size=1, max_size=20))
def test_nothing_may_stand_around_an_address(token: str, more: str) -> None:
    """A suffix, a prefix or a deeper name makes it somebody else's."""
    assert LOCAL.token_in(f"{token}.localhost.{more.strip('.') or 'x'}") is None
    assert LOCAL.token_in(f"x.{token}.localhost") is None
    assert LOCAL.token_in(f"{token}.{more}.localhost") is None
    assert LOCAL.token_in(f"{token}xlocalhost") is None


@pytest.mark.parametrize("host", ["", ".", "localhost", "localhost:8080", ".localhost", "p.localhost", "[::1]:8080"])
def test_the_servers_own_names_are_not_pages(host: str) -> None:
    """The chat page answers there."""
    assert LOCAL.token_in(host) is None


@pytest.mark.parametrize(
    ("domain", "scheme", "port", "expected"),
    [
        ("localhost", "http", 8080, "http://T.localhost:8080/"),
        ("localhost", "http", 80, "http://T.localhost/"),
        ("pages.example.org", "https", 8080, "https://T.pages.example.org/"),
        ("pages.example.org", "http", 8080, "http://T.pages.example.org/"),
        ("pages.example.org.", "https", 8080, "https://T.pages.example.org/"),
        ("10.0.0.5.nip.io:8080", "http", 8080, "http://T.10.0.0.5.nip.io:8080/"),
        ("a.test:443", "https", 8080, "https://T.a.test/"),
    ],
)
def test_the_port_is_written_where_a_visitor_needs_it(domain: str, scheme: str, port: int, expected: str) -> None:
    """`localhost` has the bot's own port; a domain of one's own has a front server on the usual one."""
    token = new_token()
    assert Addresses(domain, scheme, port).url(page(token)) == expected.replace("T", token)
