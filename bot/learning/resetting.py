"""Rules for starting over: the lab is emptied only after a yes to a question that is open."""

from __future__ import annotations

from dataclasses import replace

from bot.course.model import Course
from bot.learning import effects as do
from bot.learning import events as on
from bot.learning.effects import Note
from bot.learning.outcome import Outcome, say
from bot.learning.progress import Progress, Waiting


def reset_asked(course: Course, progress: Progress, event: on.ResetAsked) -> Outcome:
    return replace(progress, waiting=Waiting.RESET), (do.AskReset(),)


def reset_confirmed(course: Course, progress: Progress, event: on.ResetConfirmed) -> Outcome:
    if progress.waiting is not Waiting.RESET:
        return say(progress, Note.RESET_SETTLED)
    return replace(progress, waiting=None), (do.ResetLab(),)


def reset_cancelled(course: Course, progress: Progress, event: on.ResetCancelled) -> Outcome:
    if progress.waiting is not Waiting.RESET:
        return say(progress, Note.RESET_SETTLED)
    return say(replace(progress, waiting=None), Note.RESET_KEPT)
