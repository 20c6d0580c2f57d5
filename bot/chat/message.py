"""A message as this bot thinks of it, and as it travels to Telegram."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from bot.chat.botapi import encoded
from bot.chat.callbacks import encode
from bot.richtext import Entity, RichText

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


@dataclass(frozen=True)
class Outgoing:
    """Text with formatting, and the buttons under it."""

    text: RichText
    rows: Rows = ()

    @cached_property
    def form(self) -> bytes:
        """Its fields, in the form that is sent: made once, however many people a step is sent to."""
        return encoded(text=self.text.text, entities=entities(self.text), reply_markup=keyboard(self.rows))


@dataclass(frozen=True)
class Ready:
    """A message of which only the form is left: kept over a restart."""

    form: bytes


Sendable = Outgoing | Ready


def entities(text: RichText) -> list[dict[str, Any]] | None:
    """A text's entities as the Bot API has them; None for a plain one."""
    return [_without_none(_entity(entity)) for entity in text.entities] or None


def keyboard(rows: Rows) -> dict[str, Any] | None:
    """Rows as Telegram has them (Bot API, InlineKeyboardMarkup); None for a message without buttons."""
    return {"inline_keyboard": [[_without_none(_button(one)) for one in row] for row in rows]} if rows else None


def _button(one: Button) -> dict[str, Any]:
    copy = {"text": one.copy} if one.copy is not None else None
    return {"text": one.label, "callback_data": one.data, "url": one.url, "copy_text": copy}


def _entity(entity: Entity) -> dict[str, Any]:
    """An entity's fields have the Bot API's names, but for the kind."""
    named = {one.name: getattr(entity, one.name) for one in fields(entity) if one.name != "kind"}
    return {"type": entity.kind, **named}


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


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
