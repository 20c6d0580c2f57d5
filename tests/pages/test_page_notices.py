"""Our own answers: both languages, browsers and curl, nothing told that should not be."""

from __future__ import annotations

import re
from html import escape

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.identity import Language
from bot.pages import Page
from bot.pages.friendly import as_html, as_text, language_of
from bot.pages.notices import Notice
from tests.pages.house import LAB, START, TTL, House

PAGE = Page("p" + "a" * 26, LAB, "c", "<web>&", 8088, 80, START, START)
SOURCES = re.compile(r"(src=|href=|url\(|@import|<script|http:|https:)")


@pytest.mark.parametrize("notice", Notice)
@pytest.mark.parametrize("language", Language)
def test_every_notice_is_complete_in_every_language(notice: Notice, language: Language) -> None:
    """A title, a story, no unfilled gap, no outside resource, the container's name escaped."""
    html, text = as_html(notice, language, PAGE), as_text(notice, language, PAGE)
    words = notice.value.words(language)
    assert escape(words.title) in html and words.title in text
    assert not re.search(r"\{\w+\}", html.partition("</style>")[2] + text)
    assert not SOURCES.search(html)
    assert "<web>" not in html
    assert f'<html lang="{language.value}">' in html


def test_no_notice_speaks_the_others_language() -> None:
    """Korean words have Hangul, English ones none."""
    for notice in Notice:
        for language in Language:
            words = notice.value.words(language)
            is_hangul = [bool(re.search("[가-힣]", part)) for part in (words.title, words.story)]
            assert is_hangul == [language is Language.KOREAN] * 2


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", Language.KOREAN),
        ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", Language.KOREAN),
        ("en-US,en;q=0.9,ko;q=0.8", Language.ENGLISH),
        ("en;q=0.3, ko;q=0.5", Language.KOREAN),
        ("de,en;q=0.1", Language.ENGLISH),
        ("de", Language.KOREAN),
        ("EN", Language.ENGLISH),
        ("korean", Language.KOREAN),
        ("en;q=0", Language.KOREAN),
    ],
)
def test_the_visitors_language_is_chosen(accepted: str, language: Language) -> None:
    """The highest rank wins; Korean where nothing else is asked for."""
    assert language_of(accepted) is language


@given(st.text())
def test_any_accept_language_gives_a_language(accepted: str) -> None:
    """No header, however broken, is an error."""
    assert language_of(accepted) in Language


async def test_over_and_never_there_look_the_same(house: House) -> None:
    """An address that leads nowhere does not tell whether it ever led anywhere: same bytes, same headers."""

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    page = await house.page(hello)
    house.clock.forward(seconds=TTL)
    seen = []
    for host in (page.token, "p" + "a" * 26):
        headers = {"Host": f"{host}.localhost", "Accept": "text/html"}
        async with house.session.get(house.url + "/any", headers=headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name != "Date"}
            seen.append((answer.status, kept, await answer.read()))
    assert seen[0] == seen[1]
    assert seen[0][0] == 404


async def test_browsers_get_a_page_and_curl_gets_lines(house: House) -> None:
    """HTML where it is asked for, plain text elsewhere; never stored, never indexed, nothing loaded."""
    headers = {"Host": f"p{'a' * 26}.localhost"}
    async with house.session.get(house.url, headers=headers) as answer:
        assert answer.content_type == "text/plain"
        assert len((await answer.text()).splitlines()) == 3
    async with house.session.get(house.url, headers={**headers, "Accept": "text/html,*/*"}) as answer:
        assert answer.content_type == "text/html"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
