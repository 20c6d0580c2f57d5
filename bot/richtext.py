"""Text with formatting as Telegram has it: plain text plus entities counted in UTF-16 code units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

MAX_UNITS = 4096
"""A message's limit in UTF-16 code units (Bot API, sendMessage)."""


def units(text: str) -> int:
    """Length of `text` in UTF-16 code units: what Telegram counts offsets, lengths and limits in."""
    return len(text) + sum(character > "\uffff" for character in text)


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of formatted text; `kind` is the Bot API's type ("bold", "code", "pre", "text_link", …)."""

    kind: str
    offset: int
    length: int
    language: str | None = None
    url: str | None = None
    unix_time: int | None = None
    """For "date_time": the moment in whole seconds, which each reader's client shows in the reader's own time zone."""
    date_time_format: str | None = None
    """For "date_time": the Bot API's letters, `t` for hours and minutes."""


@dataclass(frozen=True, slots=True)
class RichText:
    """Text and its entities, sorted by offset. Concatenation shifts the right side's entities."""

    text: str = ""
    entities: tuple[Entity, ...] = field(default=())

    def __add__(self, other: RichText | str) -> RichText:
        right = RichText(other) if isinstance(other, str) else other
        shift = units(self.text)
        moved = tuple(replace(entity, offset=entity.offset + shift) for entity in right.entities)
        return RichText(self.text + right.text, self.entities + moved)

    @property
    def units(self) -> int:
        return units(self.text)


def marked(kind: str, text: str, *, language: str | None = None, url: str | None = None) -> RichText:
    """All of `text` as one entity of this kind; an empty text has no entity (Telegram refuses empty ones)."""
    if not text:
        return RichText()
    return RichText(text, (Entity(kind, 0, units(text), language, url),))


def moment(text: str, at: datetime) -> RichText:
    """A time of day that each client shows in its own time zone; `text` is for clients that do not know how."""
    return RichText(text, (Entity("date_time", 0, units(text), unix_time=int(at.timestamp()), date_time_format="t"),))


def joined(parts: Iterable[RichText | str]) -> RichText:
    """The parts one after the other."""
    whole = RichText()
    for part in parts:
        whole = whole + part
    return whole
