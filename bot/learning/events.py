"""What can happen in the dialogue. A `place` is the tapped message's step, not where the learner is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.identity import Language
from bot.learning.progress import Place


class Hold(StrEnum):
    """What holds the terminal when a button is tapped."""

    NOTHING = "nothing"
    """bash is at its prompt."""
    PROGRAM = "program"
    SHELL = "shell"
    """A shell inside a container waits at its prompt: it takes commands, but Ctrl-C does not end it."""
    SCREEN = "screen"
    """A program that takes every character as a key."""
    DEMO = "demo"
    """A demo's command, which is nobody's to type into."""


@dataclass(frozen=True, slots=True)
class Started:
    """/start, with what a deep link carried (`ch02-hello`)."""

    payload: str = ""


@dataclass(frozen=True, slots=True)
class LanguageAsked:
    """/lang."""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    language: Language


@dataclass(frozen=True, slots=True)
class ChaptersAsked:
    """/chapters."""


@dataclass(frozen=True, slots=True)
class StepsAsked:
    """/steps, or the list button of a step."""

    chapter: str | None = None


@dataclass(frozen=True, slots=True)
class StepChosen:
    """A step picked from a list, a hint or a link: the learner goes there."""

    place: Place


@dataclass(frozen=True, slots=True)
class NextPressed:
    place: Place


@dataclass(frozen=True, slots=True)
class BackPressed:
    place: Place


@dataclass(frozen=True, slots=True)
class RunPressed:
    """A Run button."""

    place: Place
    block: int
    hold: Hold = Hold.NOTHING


@dataclass(frozen=True, slots=True)
class CheckPressed:
    place: Place


@dataclass(frozen=True, slots=True)
class HintPressed:
    place: Place
    index: int


@dataclass(frozen=True, slots=True)
class QuizAsked:
    place: Place


@dataclass(frozen=True, slots=True)
class QuizAnswered:
    place: Place
    option: int


@dataclass(frozen=True, slots=True)
class TextTyped:
    """A plain message; `busy` says that a program holds the terminal.

    `in_turn`: it is not for the program that runs (another person's in a group, or a demo's), so it waits for its turn.
    """

    text: str
    busy: bool = False
    in_turn: bool = False


@dataclass(frozen=True, slots=True)
class TerminalAsked:
    """The learner wants to type commands at once."""


@dataclass(frozen=True, slots=True)
class CommandEnded:
    """The prompt is back; `origin` is the step whose Run button started the command, None for a typed one."""

    origin: Place | None = None


@dataclass(frozen=True, slots=True)
class CheckEnded:
    """A step's verify script has ended; `asked` says that the learner pressed Check."""

    place: Place
    passed: bool
    reason: str = ""
    asked: bool = False


@dataclass(frozen=True, slots=True)
class ResetAsked:
    """/reset."""


@dataclass(frozen=True, slots=True)
class ResetConfirmed:
    """Yes, empty the lab."""


@dataclass(frozen=True, slots=True)
class ResetCancelled:
    """No, leave it."""


Event = (
    Started
    | LanguageAsked
    | LanguageChosen
    | ChaptersAsked
    | StepsAsked
    | StepChosen
    | NextPressed
    | BackPressed
    | RunPressed
    | CheckPressed
    | HintPressed
    | QuizAsked
    | QuizAnswered
    | TextTyped
    | TerminalAsked
    | CommandEnded
    | CheckEnded
    | ResetAsked
    | ResetConfirmed
    | ResetCancelled
)
