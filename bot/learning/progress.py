"""Where a learner is: one frozen value for each conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from bot.identity import Language


class Place(NamedTuple):
    """One step of one chapter, by the ids of the course."""

    chapter: str
    step: str


class Waiting(StrEnum):
    """A question that was asked and not answered yet."""

    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the dialogue remembers of a conversation; `waiting` is forgotten at a restart, and then asked anew."""

    language: Language = Language.KOREAN
    place: Place | None = None
    done: frozenset[Place] = field(default=frozenset())
    waiting: Waiting | None = None
    shared: bool = False
    """Several people learn here: what one of them does is also counted for who did it."""
