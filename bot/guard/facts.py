"""What the guard knows about the engine, read again for each call: questions and their answers.

A decision asks for what it wants; what is missing ends it with `Missing`, which `decide` turns into `Need`.
"""

from __future__ import annotations

import json
from typing import Any

from bot.guard.names import FULL_ID
from bot.guard.owner import LAB_LABEL, Owner
from bot.guard.verdict import Knowledge, Question, Upstream

SHELF = Question(None)
"""The references on the lab's image shelf, from the store."""
IMAGES = Question(Upstream("GET", "/images/json"))
ENGINE = Question(Upstream("GET", "/info"))


class Missing(Exception):
    """These questions must be answered first."""

    def __init__(self, *questions: Question) -> None:
        self.questions = questions
        super().__init__(questions)


class Facts:
    """The answers so far, for one lab."""

    def __init__(self, owner: Owner, known: Knowledge) -> None:
        self._owner = owner
        self._known = known

    def require(self, *questions: Question) -> None:
        """Ask for several facts at once, so that one round answers all."""
        missing = tuple(question for question in questions if question not in self._known)
        if missing:
            raise Missing(*missing)

    def get(self, question: Question) -> Any:
        self.require(question)
        return self._known[question]

    def containers(self) -> list[dict[str, Any]]:
        """The lab's own containers, running or not, as the engine lists them."""
        return self._own(self.get(containers(self._owner)))

    def meant(self, reference: str) -> list[dict[str, Any]]:
        """The lab's own containers among which the one that is meant must be: with a full id that one alone."""
        return self._own(self.get(meant(self._owner, reference)))

    def networks(self) -> list[dict[str, Any]]:
        """The learner's networks and the lab's own one (its role is `network`)."""
        found = self.get(networks(self._owner)) or []
        return [item for item in found if self._owner.has(item["Labels"]) or item["Id"] == self._owner.network]

    def volumes(self) -> list[dict[str, Any]]:
        """By the learner's names, as an engine sorts its own."""
        found = self._own((self.get(volumes(self._owner)) or {}).get("Volumes"))
        return sorted(found, key=lambda item: self._owner.virtual(item["Name"]))

    def shelf(self) -> frozenset[str]:
        """What is local for the lab: on its shelf and still on the list."""
        return frozenset(self.get(SHELF)) & self._owner.images

    def images(self) -> list[dict[str, Any]]:
        """Every image of the engine; only `guard.images` may look at it."""
        return list(self.get(IMAGES) or [])

    def _own(self, found: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        return [item for item in found or [] if self._owner.has(item["Labels"])]


def of_lab(owner: Owner, **more: list[str]) -> tuple[str, str]:
    """The filter parameter that lists only this lab's objects."""
    return "filters", json.dumps({"label": [f"{LAB_LABEL}={owner.lab}"], **more}, separators=(",", ":"))


def containers(owner: Owner) -> Question:
    return Question(Upstream("GET", "/containers/json", (("all", "1"), of_lab(owner))))


def meant(owner: Owner, reference: str) -> Question:
    """The docker CLI names what it has just made by its full id, and for a list the engine goes through the containers
    of all labs: with 600 of them that takes 6 ms, and a millisecond when it is given the id."""
    if not FULL_ID.fullmatch(reference):
        return containers(owner)
    return Question(Upstream("GET", "/containers/json", (("all", "1"), of_lab(owner, id=[reference]))))


def networks(owner: Owner) -> Question:
    return Question(Upstream("GET", "/networks", (of_lab(owner),)))


def volumes(owner: Owner) -> Question:
    return Question(Upstream("GET", "/volumes", (of_lab(owner),)))


def container(identity: str) -> Question:
    return Question(Upstream("GET", f"/containers/{identity}/json"))


def network(identity: str) -> Question:
    return Question(Upstream("GET", f"/networks/{identity}"))


def image(identity: str) -> Question:
    return Question(Upstream("GET", f"/images/{identity}/json"))


def execution(identity: str) -> Question:
    return Question(Upstream("GET", f"/exec/{identity}/json"))
