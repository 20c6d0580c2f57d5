"""A tour that plays in a conversation, and the two ways in which it ends early."""

from __future__ import annotations

import asyncio

from bot.chat.job import Person


class Playing:
    """`person` has asked for it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.stopped = asyncio.Event()
        """No further scene plays but the last, which cleans up."""
        self.button: int | None = None
        """The message that has the stop button."""
        self.dropped = False
        """Not even that one: there is no lab any more in which to clean up."""

    def drop(self) -> None:
        """End it as it is."""
        self.dropped = True
        self.stopped.set()
