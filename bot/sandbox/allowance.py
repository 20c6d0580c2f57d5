"""When a lab has taken too much of the disk, and what of it is to blame: decided from figures alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SLACK = 4 * 2**20
"""Bytes that a stopped lab may still grow by: the shell's history and logs, while its learner tidies up."""

LAST_STRAW = 2
"""So many times the limit, after a stop that did not help: then what is to blame goes altogether."""

Parts = Mapping[str, int]
"""Bytes of each container and volume of a lab, by id or name."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Bytes that a lab over its limit had when that was accepted: right after a stop, or when it was first seen."""

    used: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class Blame:
    """What is to be stopped, or removed; `used` is the whole lab's."""

    part: str
    used: int
    remove: bool


def too_much(now: Parts, before: Parts, *, limit: int, mark: Mark | None) -> Blame | None:
    """A lab over its limit.

    A lab that was stopped stays over its limit until its learner removes something, and must be usable for that. So it
    is stopped again only when it has grown past its mark.
    """
    used = sum(now.values())
    if used <= limit or (mark is not None and used <= mark.used + SLACK):
        return None
    return Blame(_grown_most(now, before), used, remove=mark is not None and mark.stopped and used > LAST_STRAW * limit)


def grows(now: Parts, before: Parts) -> Blame | None:
    """A lab that has grown since `before`, when the host itself runs out of room."""
    used = sum(now.values())
    if used <= sum(before.values()) + SLACK:
        return None
    return Blame(_grown_most(now, before), used, remove=False)


def _grown_most(now: Parts, before: Parts) -> str:
    return max(now, key=lambda part: now[part] - before.get(part, 0))
