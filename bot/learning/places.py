"""Walking through the course: which step a place means, and which come before and after it."""

from __future__ import annotations

from bot.course.model import Chapter, Course, Step
from bot.learning.progress import Place


def chapter_of(course: Course, chapter_id: str) -> Chapter | None:
    """The chapter with this id; None when the course has none (content changes between two starts)."""
    return next((chapter for chapter in course.chapters if chapter.id == chapter_id), None)


def step_at(course: Course, place: Place | None) -> Step | None:
    """The step at this place; None when the course has none there."""
    chapter = chapter_of(course, place.chapter) if place else None
    if place is None or chapter is None:
        return None
    return next((step for step in chapter.steps if step.id == place.step), None)


def places_of(chapter: Chapter) -> tuple[Place, ...]:
    return tuple(Place(chapter.id, step.id) for step in chapter.steps)


def first_place(course: Course) -> Place | None:
    """Where the course begins."""
    return next((place for chapter in course.chapters for place in places_of(chapter)), None)


def first_of_next_chapter(course: Course, chapter_id: str) -> Place | None:
    """The first step of the chapter after this one."""
    ids = [chapter.id for chapter in course.chapters]
    later = course.chapters[ids.index(chapter_id) + 1 :] if chapter_id in ids else ()
    return next((place for chapter in later for place in places_of(chapter)), None)


def neighbour(course: Course, place: Place, distance: int) -> Place | None:
    """The step so many steps further in the same chapter (negative: back); None beyond its ends."""
    chapter = chapter_of(course, place.chapter)
    steps = [step.id for step in chapter.steps] if chapter else []
    if place.step not in steps:
        return None
    index = steps.index(place.step) + distance
    return Place(place.chapter, steps[index]) if 0 <= index < len(steps) else None


def linked_place(course: Course, payload: str) -> Place | None:
    """The step that a deep link's payload names: `ch02-<step id>`; `ch02` alone is the chapter's first step."""
    chapter_id, _, step_id = payload.partition("-")
    chapter = chapter_of(course, chapter_id)
    if chapter is None:
        return None
    places = places_of(chapter)
    if not step_id:
        return places[0] if places else None
    place = Place(chapter_id, step_id)
    return place if place in places else None
