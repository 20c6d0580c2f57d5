"""Commands that wait until the one before them has ended: of a group, or behind a demo's."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from bot.chat.cause import Cause
from bot.chat.message import Outgoing, button, rows
from bot.chat.names import harmless
from bot.chat.texts import Words
from bot.learning.progress import Place
from bot.richtext import RichText, joined, marked

WAITING_MOST = 10
"""Lines of one conversation; with more, the last one waits longer than anybody remembers why."""
OF_ONE_PERSON = 3
"""So that one member's list does not keep the others away."""
SHOWN = 160
"""Characters of a waiting command in its notice."""


@dataclass(slots=True)
class Line:
    """A command and who asked for it; `notice` is the message that says that it waits, `note` the store's of it."""

    number: int
    command: str
    origin: Place | None
    cause: Cause
    notice: int | None = None
    note: int | None = None


class Turns:
    """First come, first served."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._number = 0

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, command: str, origin: Place | None, cause: Cause) -> Line | None:
        """The line at the end; None when there are too many already."""
        own = sum(line.cause.person.id == cause.person.id for line in self._lines)
        if len(self._lines) >= WAITING_MOST or own >= OF_ONE_PERSON:
            return None
        self._number += 1
        line = Line(self._number, command, origin, cause)
        self._lines.append(line)
        return line

    def find(self, number: int | None) -> Line | None:
        return next((line for line in self._lines if line.number == number), None)

    def take(self) -> Line | None:
        """The next line."""
        return self._lines.popleft() if self._lines else None

    def all(self) -> tuple[Line, ...]:
        return tuple(self._lines)

    def moved(self) -> None:
        """The chat has another id from now on, and the notices are not there."""
        for line in self._lines:
            line.notice = None

    def remove(self, line: Line) -> None:
        self._lines.remove(line)

    def clear(self) -> tuple[Line, ...]:
        """None waits any more; those that did."""
        lines = tuple(self._lines)
        self._lines.clear()
        return lines


def notice(words: Words, line: Line, place: int, *, behind_demo: bool) -> Outgoing:
    """Who waits, for what, and as which; a program that waits for input may be what the line was meant for, but not a
    demo's command: that can be stopped."""
    key = "turns.waits_demo" if behind_demo else "turns.waits"
    said = words(key, name=harmless(line.cause.person.name), place=place)
    drop = button(words("turns.cancel"), "line", "cancel", line.number)
    as_input = button(words("turns.as_input"), "line", "input", line.number)
    other = button(words("demo.stop"), "demo", "stop") if behind_demo else as_input
    return Outgoing(_above(said, line.command), rows((other, drop)))


def dropped(words: Words, cause: Cause, command: str, *, why: str = "turns.dropped") -> Outgoing:
    """Whose command does not run, and why (a text's key)."""
    return Outgoing(_above(words(why, name=harmless(cause.person.name)), command))


def _above(said: str, command: str) -> RichText:
    if not command:
        return RichText(said)
    shown = command if len(command) <= SHOWN else command[: SHOWN - 1] + "…"
    return joined([said + "\n", marked("pre", f"$ {shown}", language="sh")])
