"""What brought the bot to act: a person, and the button's message when it was a tap."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.forgetting import Forgotten, never
from bot.chat.job import Person

NOBODY = Person(0, "")
"""Whatever the bot does by itself."""


@dataclass(frozen=True, slots=True)
class Cause:
    """`query_id` is there for a tap that waits for its answer, `message_id` is the tapped message."""

    person: Person = NOBODY
    query_id: str | None = None
    message_id: int | None = None
    command: str | None = None
    """The command on top of the tapped message, when all of it is shown there."""
    said: int | None = None
    """The number of the message that it came as, or was changed to."""
    typed: bool = False
    """It came as a message of its own, which now stands below what the bot said before."""
    forgotten: Forgotten = never
    """Whether the person has been forgotten since, when it takes a while."""
