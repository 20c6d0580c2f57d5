"""Names are virtual: the learner's `web` is the engine's `lab-<id>.web`; references mean the lab's own objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from bot.guard.owner import Owner
from bot.guard.verdict import Refused

MAX_NAME = 63
"""A container's name is also a DNS label."""

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_DIGIT = re.compile(r"[0-9]", re.ASCII)
FULL_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)


def new_name(name: str, kind: str) -> str:
    """A name that the learner may give to a `kind` (container, network, volume); raises Refused (400)."""
    name = name.removeprefix("/") if kind == "container" else name
    if not valid_name(name):
        allowed = "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        raise Refused(400, "bad-name", f"Invalid {kind} name ({name[:MAX_NAME]}), {allowed}")
    if len(name) > MAX_NAME:
        raise Refused(400, "bad-name", f"Invalid {kind} name: at most {MAX_NAME} characters are allowed in this lab")
    if looks_like_id(name):
        hint = "looks like an ID, and names win over IDs; add a letter beyond f"
        raise Refused(400, "id-like-name", f"Invalid {kind} name ({name}): it {hint}")
    return name


def valid_name(name: str) -> bool:
    """Whether Docker takes a name at all; `new_name` asks for more."""
    return bool(_NAME.fullmatch(name))


def looks_like_id(name: str) -> bool:
    """Whether a name could stand for an ID or a prefix of one: `28f4`, not `db` or `cafe`.

    Upstream names carry the lab's prefix and calls carry full ids, so this protects the learner, not the neighbours.
    """
    return bool(_HEX.fullmatch(name)) and (len(name) >= 12 or (len(name) >= 4 and bool(_DIGIT.search(name))))


def resolve(
    reference: str, items: Iterable[dict[str, Any]], name_of: Callable[[dict[str, Any]], str], kind: str
) -> Any:
    """The one of the lab's own objects that is meant: full id, then name, then a prefix of the id, as the engine does.

    A foreign object and one that does not exist get the same refusal.
    """
    own = list(items)
    wanted = reference.removeprefix("/")
    for matches in (_by_id(own, wanted), [item for item in own if name_of(item) == wanted]):
        if matches:
            return matches[0]
    found = [item for item in own if item["Id"].startswith(wanted)] if _HEX.fullmatch(wanted) else []
    if len(found) > 1:
        raise Refused(500, "ambiguous", f"Multiple IDs found with provided prefix: {wanted}")
    if not found:
        raise missing(kind, reference)
    return found[0]


def _by_id(items: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    return [item for item in items if item["Id"] == wanted]


def missing(kind: str, reference: str) -> Refused:
    """The engine's words for an object that is not there."""
    message = f"network {reference} not found" if kind == "network" else f"No such {kind}: {reference}"
    return Refused(404, f"no-{kind}", message)


def container_name(owner: Owner, item: dict[str, Any]) -> str:
    """The virtual name of a container in the engine's list (links add names with a second slash)."""
    own = [name for name in item["Names"] if name.count("/") == 1]
    return owner.virtual(own[0]) if own else ""


_REPEATED = ("Cannot kill container: {}", "in container {}", "Container {} is paused, unpause")
"""Where the engine's errors repeat the caller's word for a container; elsewhere they have its id."""


_ROOT = re.compile(r"/(?:overlay2/[0-9a-f]{64}/(?:merged|diff)|volumes/[\w.-]+/_data)", re.ASCII)
"""Where the engine has a container's files, and a volume's."""


def devirtualised(owner: Owner, text: str, called: tuple[str, str] | None = None) -> str:
    """The engine's message in the lab's own names, and in the caller's word for the container."""
    if called is not None:
        for phrase in _REPEATED:
            text = text.replace(phrase.format(called[0]), phrase.format(called[1]))
    text = text.replace(owner.prefix, "").replace(f"lab-{owner.lab}", "bridge").replace(owner.network, "bridge")
    return " ".join(_inside(word) for word in text.split(" "))


def _inside(word: str) -> str:
    """A path of the host's that leads into a container or volume, as it is in there: errors about links tell it."""
    root = _ROOT.search(word)
    if root is None:
        return word
    rest = word[root.end() :]
    return word[: word.index("/")] + ("" if rest.startswith("/") else "/") + rest
