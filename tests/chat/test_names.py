"""Names that a learner has given, in the bot's texts: Telegram makes nothing of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import cards, disk, notices
from bot.chat.names import harmless
from bot.chat.notices import PageView
from bot.chat.texts import Words, read_texts
from bot.identity import LabId
from bot.localchat.texts import checked
from bot.pages.page import Page
from bot.richtext import MAX_UNITS, RichText
from bot.sandbox.events import DiskLimitReached
from tests.chat.bash_lab import container

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LAB = LabId("0123456789")
NAMES = ("web.site.io", "t.me", "box.dev")
"""Docker allows dots in a container's name, and an image's name is an address."""


def found(text: RichText) -> set[str]:
    """What Telegram makes of the text by itself, commands included."""
    shown = checked(text.text, text.entities, limit=MAX_UNITS, too_long="too long", commands=True)
    return {entity.kind for entity in shown.entities} & {"url", "mention", "hashtag", "bot_command"}


@pytest.mark.parametrize("words", read_texts().values(), ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_no_container_or_page_becomes_a_link(words: Words, name: str) -> None:
    """In the card, in questions, in notices about pages and the disk."""
    one = replace(container(name), image=f"{name}/image")
    page = Page("p" * 26, LAB, one.id, one.name, 8088, 80, NOW, NOW + timedelta(minutes=30))
    view = PageView(page, f"http://{page.token}.localhost:8080/")
    texts = [
        cards.card(words, [one], NOW).text,
        cards.ask_remove(words, one).text,
        notices.opened(words, view, NOW).text,
        notices.over(words, page).text,
        notices.overview(words, [view], NOW).text,
        notices.preview(words, page),
        disk.notice(words, DiskLimitReached(LAB, (name,), 2 << 30, 1 << 30)).text,
        words.coded("containers.no_logs", {"name": name}),
        words.coded("containers.logs_title", {"name": name}),
    ]
    for text in texts:
        assert name in text.text
        assert not found(text)


@given(st.text(st.sampled_from("@/#$.:ab하 \u202e"), max_size=30) | st.text(max_size=30))
def test_a_persons_name_is_a_name_only(name: str) -> None:
    """People call themselves @somebody and example.com."""
    assert not found(RichText(f"👥 {harmless(name)}: $"))


@pytest.mark.parametrize("name", ["@durov", "spam.com", "https://t.me/spam", "/start", "#free"])
def test_a_persons_name_looks_as_it_does(name: str) -> None:
    """What keeps it harmless has no width."""
    assert found(RichText(f"👥 {name}: $"))
    assert not found(RichText(f"👥 {harmless(name)}: $"))
    assert harmless(name).replace("\u2060", "") == name
