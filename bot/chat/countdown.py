"""When a page's message is drawn again because its end comes near. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.pages.page import Page

MARKS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 10))
"""Three edits in a page's life: what is left is told when it begins to matter, and costs the chat's budget nothing."""


class Countdown:
    """Remembers what each page's message has told; another end begins anew."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[datetime, timedelta]] = {}

    def due(self, pages: Iterable[Page], now: datetime) -> tuple[Page, ...]:
        """Those that passed a mark since the last look, each once for a mark."""
        passed = {page: mark for page in pages if (mark := _mark(page.ends_at - now)) is not None}
        new = tuple(page for page, mark in passed.items() if self._told.get(page.token) != (page.ends_at, mark))
        self._told = {page.token: (page.ends_at, mark) for page, mark in passed.items()}
        return new


def _mark(left: timedelta) -> timedelta | None:
    """The last mark that was passed; None before the first, and when the page is over."""
    return next((mark for mark in MARKS if timedelta(0) < left <= mark), None)
