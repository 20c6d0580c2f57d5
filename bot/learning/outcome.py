"""What every rule of the dialogue gives back, and the small answers that several of them share."""

from __future__ import annotations

from dataclasses import replace

from bot.course.model import Course
from bot.learning import effects as do
from bot.learning.effects import Effect, Note
from bot.learning.places import step_at
from bot.learning.progress import Place, Progress

Outcome = tuple[Progress, tuple[Effect, ...]]


def say(progress: Progress, note: Note) -> Outcome:
    return progress, (do.Say(note),)


def here(course: Course, progress: Progress) -> Place | None:
    """Where the learner is, unless the course has lost that step."""
    return progress.place if step_at(course, progress.place) else None


def read(course: Course, progress: Progress, place: Place) -> Outcome:
    """A step with nothing to do is done when it is left forwards, or its quiz is answered."""
    step = step_at(course, place)
    if step is None or step.verify is not None:
        return progress, ()
    return completed(progress, place)


def completed(progress: Progress, place: Place) -> Outcome:
    """The step is done; the second time there is nothing to write down, except where several people learn."""
    if place in progress.done:
        return progress, (do.MarkDone(place, first=False),) if progress.shared else ()
    return replace(progress, done=progress.done | {place}), (do.MarkDone(place),)
