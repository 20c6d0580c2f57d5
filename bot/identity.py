"""Who and where: the names by which every floor knows a conversation, a language and a lab."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

LabId = NewType("LabId", str)
"""Ten lowercase hexadecimal digits: short enough for a bridge's name (`lab` + id is 13 of at most 15 characters)."""


class Language(StrEnum):
    """The languages that every text exists in; the first is the one used when nothing else is known."""

    KOREAN = "ko"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a conversation lives: a chat, or one forum topic of it."""

    chat_id: int
    topic_id: int | None = None

    @property
    def is_private(self) -> bool:
        """Telegram gives users positive chat ids and groups negative ones."""
        return self.chat_id > 0
