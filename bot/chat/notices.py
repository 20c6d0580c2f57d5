"""Messages about published pages: opened, ending, over."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
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


def opened(words: Words, page: Page, url: str, now: datetime, *, running: bool = True) -> Outgoing:
    """The page's address and its end; when its container is stopped, that and what to do."""
    lines: list[RichText | str] = [_heading(words, "pages.opened", page), "\n", _link(url), "\n"]
    lines.append(_ending(words, page, now) if running else words("pages.stopped"))
    return Outgoing(joined(lines), rows(_buttons(words, page, url)))


def over(words: Words, page: Page) -> Outgoing:
    """What stays of the message when the page has ended."""
    return Outgoing(RichText(_heading(words, "pages.over", page)))


def overview(words: Words, pages: Sequence[tuple[Page, str]], now: datetime) -> Outgoing:
    """/pages: each with its address, its end and its buttons."""
    if not pages:
        return Outgoing(RichText(words("pages.none")))
    lines: list[RichText | str] = [marked("bold", words("pages.title", n=len(pages)))]
    for page, url in pages:
        lines += [f"\n\n{page.host_port} → {page.container_name}:{page.container_port}\n", _link(url)]
        lines += ["\n", _ending(words, page, now)]
    return Outgoing(joined(lines), tuple(_buttons(words, page, url) for page, url in pages))


def _heading(words: Words, key: str, page: Page) -> str:
    return words(key, host=page.host_port, name=page.container_name, container=page.container_port)


def _link(url: str) -> RichText:
    """The address as text: a tap on it opens it, also where a button may not."""
    return marked("text_link", url, url=url)


def _ending(words: Words, page: Page, now: datetime) -> RichText:
    before, _, after = words("pages.ends", time=left(words, page, now), clock=MARK).partition(MARK)
    return RichText(before) + moment(clock(page.ends_at), page.ends_at) + after


def left(words: Words, page: Page, now: datetime) -> str:
    """How long a page is still open."""
    return span(words, max(0.0, (page.ends_at - now).total_seconds()))


def _buttons(words: Words, page: Page, url: str) -> tuple[Button, ...]:
    extend = button(words("pages.extend"), "page", "extend", page.token)
    close = button(words("pages.close"), "page", "close", page.token)
    return (Button(words("pages.open"), url=url), extend, close) if is_public(url) else (extend, close)
