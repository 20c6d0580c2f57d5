"""The course as frozen values: what the content files say, checked and ready to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.identity import Language
from bot.richtext import RichText


@dataclass(frozen=True, slots=True)
class RunBlock:
    """What a Run button types into the terminal: one command, sometimes on several lines, no newline at its end."""

    command: str


@dataclass(frozen=True, slots=True)
class Quiz:
    """A question with one right option; `answer` is its index from 0. All lengths fit a Telegram quiz poll."""

    question: str
    options: tuple[str, ...]
    answer: int
    explanation: str


@dataclass(frozen=True, slots=True)
class StepText:
    """A step in one language.

    `body` already shows each run block as a `pre` entity with language `sh`, below its number if there are several.
    """

    title: str
    body: RichText
    blocks: tuple[RunBlock, ...] = ()
    hints: tuple[str, ...] = ()
    done: str = ""
    """Said when the check passes; empty exactly where there is nothing to check."""
    quiz: Quiz | None = None
    picture: Path | None = None
    """A PNG with this language's words."""
    picture_caption: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One message of the course. `verify` and `solve` are whole scripts for `bash -c`: the prelude is in front."""

    id: str
    folder: Path
    texts: Mapping[Language, StepText]
    verify: str | None = None
    solve: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of a tour: what is said, the command that runs then, and the seconds to look at it."""

    texts: Mapping[Language, str]
    command: str | None
    pause: int


@dataclass(frozen=True, slots=True)
class Chapter:
    """Steps in order. `images` are the references (`repository:tag`) that its commands need."""

    id: str
    number: int
    """1 for the course's first chapter."""
    titles: Mapping[Language, str]
    images: tuple[str, ...]
    steps: tuple[Step, ...]
    tour: tuple[Scene, ...] = ()
    """Plays by itself; its last scene cleans up. Empty: the chapter has none."""

    def index(self, step_id: str) -> int:
        """Place of a step, from 0; KeyError if the chapter has no such step."""
        for place, step in enumerate(self.steps):
            if step.id == step_id:
                return place
        raise KeyError(step_id)

    def step(self, step_id: str) -> Step:
        """KeyError if the chapter has no such step."""
        return self.steps[self.index(step_id)]


@dataclass(frozen=True, slots=True)
class Course:
    """All chapters in order."""

    chapters: tuple[Chapter, ...]

    def chapter(self, chapter_id: str) -> Chapter:
        """KeyError if there is no such chapter."""
        for chapter in self.chapters:
            if chapter.id == chapter_id:
                return chapter
        raise KeyError(chapter_id)
