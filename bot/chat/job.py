"""One command of one conversation: what was asked for, what it shows now, and how it went."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.chat.forgetting import Forgotten, never
from bot.chat.inbox import Receipt, at_work
from bot.chat.keypad import Pad
from bot.chat.live import Live
from bot.chat.message import Button, Outgoing
from bot.chat.names import harmless
from bot.chat.texts import Words
from bot.chat.view import running_view, still_view
from bot.learning.progress import Place
from bot.terminal.run import Run


@dataclass(frozen=True, slots=True)
class Person:
    """Who tapped or typed."""

    id: int
    name: str


class Job:
    """A command from its request to its final frame; `run` is there once it was typed into the shell."""

    def __init__(
        self,
        command: str,
        origin: Place | None,
        person: Person,
        *,
        shared: bool,
        line: int | None = None,
        tour: bool = False,
    ) -> None:
        """`shared`: others read along, so the message says who ran it.

        `line`: the note about it while it waited for its turn; `tour`: a demo has asked for it.
        """
        self.command = command
        self.origin = origin
        self.person = person
        self.run: Run | None = None
        self.cancelled = False
        self.failure: str | None = None
        """The key of a text, when the lab could not run the command."""
        self.cut: str | None = None
        """The key of a text, when something else than the command itself has ended it."""
        self.number: int | None = None
        """Under which the ledger has it."""
        self.ended = asyncio.Event()
        self.shown = asyncio.Event()
        """The final frame is in the chat."""
        self.live: Live | None = None
        self.pad = Pad.KEYS
        self.asked: int | None = None
        """The number of the message that asked for it."""
        self.onward: Button | None = None
        """The step's next command, offered while the program waits and when it has ended."""
        self.onward_inside = False
        """That command is for this program, and not offered when it has ended."""
        self.shared = shared
        self.forgotten: Forgotten = never
        """Whether the person has been forgotten or banned since."""
        self.line = line
        self.tour = tour
        self.receipt: Receipt | None = at_work()
        """Of the update that asked for it, which is done when the ledger has the command."""
        if self.receipt is not None:
            self.receipt.hold()

    def view(self, words: Words, now: float) -> Outgoing:
        """The job's message at this moment."""
        heading = words("terminal.by", name=harmless(self.person.name)) if self.shared else ""
        if self.failure is not None:
            return still_view(words, self.command, words(self.failure), heading=heading, again=True)
        if self.run is None:
            return still_view(words, self.command, words(self.cut or "terminal.opening"), heading=heading)
        onward = None if self.onward_inside and self.run.over else self.onward
        return running_view(
            words,
            self.run,
            now,
            pad=self.pad,
            heading=heading,
            shared=self.shared,
            demo=self.tour,
            cut=self.cut,
            onward=onward,
        )

    def look_again(self) -> float | None:
        """When the message will look different although nothing happens: the program may wait for input by then."""
        return self.run.looks_different_from() if self.run is not None and not self.run.over else None
