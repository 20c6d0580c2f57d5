"""What the dialogue wants done. Effects carry ids and the learner's own words; the sentences are the chat's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.identity import Language
from bot.learning.progress import Place


class Note(StrEnum):
    """A short answer; the chat has a sentence for each in every language (`note.<value>`)."""

    EMPTY = "empty"
    BUSY = "busy"
    INSIDE = "inside"
    TERMINAL = "terminal"
    NO_CHAPTERS = "no_chapters"
    GONE = "gone"
    ALREADY_HERE = "already_here"
    FIRST_STEP = "first_step"
    NOTHING_TO_CHECK = "nothing_to_check"
    RESET_KEPT = "reset_kept"
    RESET_SETTLED = "reset_settled"


class Pointer(StrEnum):
    """Why a step is offered (`pointer.<value>`)."""

    EXPLAINED_HERE = "explained_here"
    ONLY_COMMANDS = "only_commands"
    OLD_BUTTON = "old_button"


@dataclass(frozen=True, slots=True)
class Say:
    note: Note


@dataclass(frozen=True, slots=True)
class ShowWelcome:
    """The first message; `place` is where its button leads (None: no course), `resumed` says that they were there."""

    place: Place | None
    resumed: bool


@dataclass(frozen=True, slots=True)
class ShowLanguages:
    pass


@dataclass(frozen=True, slots=True)
class SwitchLanguage:
    """From now on everything is said in this language, the menu of commands too."""

    language: Language


@dataclass(frozen=True, slots=True)
class ShowChapters:
    pass


@dataclass(frozen=True, slots=True)
class ShowSteps:
    chapter: str


@dataclass(frozen=True, slots=True)
class ShowStep:
    place: Place


@dataclass(frozen=True, slots=True)
class ShowChapterEnd:
    """The last step is left: what was skipped, and where the next chapter starts (None: this was the last)."""

    chapter: str
    skipped: tuple[Place, ...]
    following: Place | None


@dataclass(frozen=True, slots=True)
class PointTo:
    """A sentence that offers steps to open."""

    pointer: Pointer
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class TypeLine:
    """Type a command into the lab's shell; `origin` is the step that it belongs to."""

    text: str
    origin: Place | None = None


@dataclass(frozen=True, slots=True)
class QueueLine:
    """Somebody else's command runs, or a demo's: type this one when it has ended."""

    text: str
    origin: Place | None = None


@dataclass(frozen=True, slots=True)
class OfferNext:
    """Under the terminal's message, offer the step's next command: its own button has scrolled away by then."""

    place: Place
    block: int
    inside: bool = False
    """It is for the inside of the container that this command opens: behind its end it would run somewhere else."""


@dataclass(frozen=True, slots=True)
class SendInput:
    """Type a line into the program that runs."""

    text: str


@dataclass(frozen=True, slots=True)
class Verify:
    place: Place
    asked: bool


@dataclass(frozen=True, slots=True)
class MarkDone:
    """Write down that this step is done, for who did it; not `first`: others here have done it before."""

    place: Place
    first: bool = True


@dataclass(frozen=True, slots=True)
class SayDone:
    """The check has passed; `following` is the next step (None: the chapter ends here)."""

    place: Place
    following: Place | None


@dataclass(frozen=True, slots=True)
class SayNotYet:
    """The check has not passed: the script's reason (may be empty) and the first hint's index, if there is one."""

    place: Place
    reason: str
    hint: int | None


@dataclass(frozen=True, slots=True)
class ShowHint:
    place: Place
    index: int
    following: int | None


@dataclass(frozen=True, slots=True)
class ShowQuiz:
    place: Place


@dataclass(frozen=True, slots=True)
class SayQuiz:
    place: Place
    option: int
    right: bool


@dataclass(frozen=True, slots=True)
class AskReset:
    pass


@dataclass(frozen=True, slots=True)
class ResetLab:
    pass


Effect = (
    Say
    | ShowWelcome
    | ShowLanguages
    | SwitchLanguage
    | ShowChapters
    | ShowSteps
    | ShowStep
    | ShowChapterEnd
    | PointTo
    | TypeLine
    | QueueLine
    | OfferNext
    | SendInput
    | Verify
    | MarkDone
    | SayDone
    | SayNotYet
    | ShowHint
    | ShowQuiz
    | SayQuiz
    | AskReset
    | ResetLab
)
