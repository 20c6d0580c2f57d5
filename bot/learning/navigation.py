"""Rules for finding the way: start, language, lists, next and back."""

from __future__ import annotations

from dataclasses import replace

from bot.course.model import Course
from bot.learning import effects as do
from bot.learning import events as on
from bot.learning.effects import Effect, Note, Pointer
from bot.learning.outcome import Outcome, here, read, say
from bot.learning.places import (
    chapter_of,
    first_of_next_chapter,
    first_place,
    linked_place,
    neighbour,
    places_of,
    step_at,
)
from bot.learning.progress import Place, Progress


def _go(course: Course, progress: Progress, place: Place) -> Outcome:
    """Move to a step and show it; a step that the course no longer has is said to be gone."""
    if step_at(course, place) is None:
        return say(progress, Note.GONE)
    return replace(progress, place=place), (do.ShowStep(place),)


def started(course: Course, progress: Progress, event: on.Started) -> Outcome:
    if linked := linked_place(course, event.payload):
        return _go(course, progress, linked)
    own = here(course, progress)
    return progress, (do.ShowWelcome(own or first_place(course), resumed=own is not None),)


def language_asked(course: Course, progress: Progress, event: on.LanguageAsked) -> Outcome:
    return progress, (do.ShowLanguages(),)


def language_chosen(course: Course, progress: Progress, event: on.LanguageChosen) -> Outcome:
    progress = replace(progress, language=event.language)
    own = here(course, progress)
    shown: Effect = do.ShowStep(own) if own else do.ShowWelcome(first_place(course), resumed=False)
    return progress, (do.SwitchLanguage(event.language), shown)


def chapters_asked(course: Course, progress: Progress, event: on.ChaptersAsked) -> Outcome:
    return (progress, (do.ShowChapters(),)) if course.chapters else say(progress, Note.NO_CHAPTERS)


def steps_asked(course: Course, progress: Progress, event: on.StepsAsked) -> Outcome:
    own = here(course, progress) or first_place(course)
    chapter = event.chapter or (own.chapter if own else None)
    if chapter is None:
        return say(progress, Note.NO_CHAPTERS)
    if chapter_of(course, chapter) is None:
        return say(progress, Note.GONE)
    return progress, (do.ShowSteps(chapter),)


def step_chosen(course: Course, progress: Progress, event: on.StepChosen) -> Outcome:
    return _go(course, progress, event.place)


def next_pressed(course: Course, progress: Progress, event: on.NextPressed) -> Outcome:
    if step_at(course, event.place) is None:
        return say(progress, Note.GONE)
    target = neighbour(course, event.place, +1)
    if _is_elsewhere(course, progress, event.place):
        return _old_button(course, progress, target)
    progress, noted = read(course, progress, event.place)
    if target is None:
        return progress, (*noted, _chapter_end(course, progress, event.place.chapter))
    progress, shown = _go(course, progress, target)
    return progress, noted + shown


def back_pressed(course: Course, progress: Progress, event: on.BackPressed) -> Outcome:
    if step_at(course, event.place) is None:
        return say(progress, Note.GONE)
    target = neighbour(course, event.place, -1)
    if _is_elsewhere(course, progress, event.place):
        return _old_button(course, progress, target)
    return _go(course, progress, target) if target else say(progress, Note.FIRST_STEP)


def _is_elsewhere(course: Course, progress: Progress, place: Place) -> bool:
    """The learner is at another step than the tapped message's."""
    return here(course, progress) not in (None, place)


def _old_button(course: Course, progress: Progress, target: Place | None) -> Outcome:
    """A tap on a message of another step: a second tap is already answered, else both ways are offered."""
    own = here(course, progress)
    if target == own:
        return say(progress, Note.ALREADY_HERE)
    return progress, (do.PointTo(Pointer.OLD_BUTTON, tuple(place for place in (target, own) if place)),)


def _chapter_end(course: Course, progress: Progress, chapter_id: str) -> Effect:
    chapter = chapter_of(course, chapter_id)
    places = places_of(chapter) if chapter else ()
    skipped = tuple(place for place in places if place not in progress.done)
    return do.ShowChapterEnd(chapter_id, skipped, first_of_next_chapter(course, chapter_id))
