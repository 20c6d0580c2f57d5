"""A message as this bot thinks of it, before it becomes Telegram's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.chat.callbacks import encode
from bot.richtext import RichText

MAX_COPY = 256
"""Characters that a copy button can carry (Bot API, CopyTextButton)."""


@dataclass(frozen=True, slots=True)
class Button:
    """A label and exactly one of: data for the bot, an address to open, a text to copy."""

    label: str
    data: str | None = None
    url: str | None = None
    copy: str | None = None


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Text with formatting, and the buttons under it."""

    text: RichText
    rows: Rows = ()


def button(label: str, action: str, *arguments: object) -> Button:
    """A button that comes back to the bot as `Tap(action, arguments)`."""
    return Button(label, data=encode(action, *arguments))


def rows(*lines: Iterable[Button | None]) -> Rows:
    """Rows without the buttons that are None and without empty rows."""
    kept = (tuple(one for one in line if one is not None) for line in lines)
    return tuple(line for line in kept if line)


def in_rows(buttons: Sequence[Button], width: int) -> Rows:
    """The buttons in rows of so many, the last one shorter."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))
