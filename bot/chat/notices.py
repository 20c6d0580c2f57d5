"""Messages about published pages: opened, ending, over."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from bot.chat.durations import clock, span
from bot.chat.message import Button, Outgoing, button, rows
from bot.chat.texts import Words
from bot.pages.page import Page
from bot.richtext import RichText, joined, marked, moment

MARK = "\0"
"""Stands for the time of day until it is put in with its entity; no text of ours has it."""


def is_public(url: str) -> bool:
    """Whether Telegram takes this address in a button: it refuses localhost and addresses of private networks."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if "." not in host or host.endswith((".localhost", ".local", ".internal", ".test")):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return True


@dataclass(frozen=True, slots=True)
class PageView:
    """A page as its messages show it."""

    page: Page
    url: str
    visits: int = 0
    running: bool = True
    """Whether its container runs."""


def opened(words: Words, view: PageView, now: datetime) -> Outgoing:
    """The page's address and its end; when its container is stopped, that and what to do."""
    heading = _heading(words, "pages.opened", view.page)
    lines: list[RichText | str] = [heading, "\n", _link(view.url), "\n", *_state(words, view, now)]
    return Outgoing(joined(lines), rows(_buttons(words, view)))


def over(words: Words, page: Page, visits: int = 0) -> Outgoing:
    """What stays of the message when the page has ended."""
    heading = _heading(words, "pages.over", page)
    return Outgoing(heading + (f" · {_visits(words, visits)}" if visits else ""))


def overview(words: Words, views: Sequence[PageView], now: datetime) -> Outgoing:
    """/pages: each with its address, its end and its buttons."""
    if not views:
        return Outgoing(RichText(words("pages.none")))
    lines: list[RichText | str] = [marked("bold", words("pages.title", n=len(views)))]
    for view in views:
        page = view.page
        lines += [f"\n\n{page.host_port} → ", _place(page), "\n", _link(view.url), "\n"]
        lines += _state(words, view, now)
    return Outgoing(joined(lines), tuple(_buttons(words, view) for view in views))


def preview(words: Words, page: Page) -> RichText:
    """Under the picture of a page."""
    return _heading(words, "pages.preview", page)


def _state(words: Words, view: PageView, now: datetime) -> list[RichText | str]:
    """How long it is open and how often it was looked at, or why it shows nothing."""
    if not view.running:
        return [words("pages.stopped")]
    ending = _ending(words, view.page, now)
    return [ending, f" · {_visits(words, view.visits)}"] if view.visits else [ending]


def _visits(words: Words, visits: int) -> str:
    return words("pages.visits", n=visits)


def _heading(words: Words, key: str, page: Page) -> RichText:
    return words.coded(key, {"place": f"{page.container_name}:{page.container_port}"}, host=page.host_port)


def _place(page: Page) -> RichText:
    return marked("code", f"{page.container_name}:{page.container_port}")


def _link(url: str) -> RichText:
    """The address as text: a tap on it opens it, also where a button may not."""
    return marked("text_link", url, url=url)


def _ending(words: Words, page: Page, now: datetime) -> RichText:
    before, _, after = words("pages.ends", time=left(words, page, now), clock=MARK).partition(MARK)
    return RichText(before) + moment(clock(page.ends_at), page.ends_at) + after


def left(words: Words, page: Page, now: datetime) -> str:
    """How long a page is still open."""
    return span(words, max(0.0, (page.ends_at - now).total_seconds()))


def _buttons(words: Words, view: PageView) -> tuple[Button, ...]:
    extend = button(words("pages.extend"), "page", "extend", view.page.token)
    close = button(words("pages.close"), "page", "close", view.page.token)
    return (Button(words("pages.open"), url=view.url), extend, close) if is_public(view.url) else (extend, close)
