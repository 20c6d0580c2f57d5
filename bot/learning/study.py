"""How far each member of a study group is: people by the steps of a chapter in which there is something to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.course.model import Chapter, Step
from bot.learning.progress import Place


@dataclass(frozen=True, slots=True)
class Deed:
    """One step, done by one person."""

    user_id: int
    user_name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Member:
    """What one person has done; `name` is the latest one known."""

    user_id: int
    name: str
    done: frozenset[Place]


@dataclass(frozen=True, slots=True)
class Study:
    """The members who may be listed, in the order in which they began, and how many others there are."""

    steps: tuple[Step, ...]
    members: tuple[Member, ...]
    unlisted: int


def study(chapter: Chapter, deeds: Iterable[Deed], unlisted: Collection[int]) -> Study:
    """`deeds` from the oldest to the newest, of this chapter and others; members without any here are not listed."""
    steps = tuple(step for step in chapter.steps if counts(step))
    wanted = {Place(chapter.id, step.id) for step in steps}
    names: dict[int, str] = {}
    done: dict[int, set[Place]] = {}
    for deed in deeds:
        if deed.place in wanted:
            names[deed.user_id] = deed.user_name
            done.setdefault(deed.user_id, set()).add(deed.place)
    listed = [user_id for user_id in names if user_id not in unlisted]
    return Study(steps, _members(listed, names, done), len(names) - len(listed))


def _members(listed: Iterable[int], names: Mapping[int, str], done: Mapping[int, set[Place]]) -> tuple[Member, ...]:
    return tuple(Member(user_id, names[user_id], frozenset(done[user_id])) for user_id in listed)


def counts(step: Step) -> bool:
    """Whether each member can do something in this step: a check, or a quiz. Reading is done by the group as one."""
    return step.verify is not None or any(text.quiz for text in step.texts.values())
