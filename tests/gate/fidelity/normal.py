"""Two runs of one command made comparable: what is another thing in each run gets a name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_AGO = (
    r"(?:Less than a second|About a minute|About an hour|[0-9]+ (?:second|minute|hour|day|week|month)s?|1 second)"
    r"(?: ago)?"
)
_NAMED: tuple[tuple[str, str], ...] = (
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9:]+)", "<time>"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+ [+-][0-9]{4} [A-Z]+", "<time>"),
    (rf"\b{_AGO}", "<time>"),
    (r"\b10\.(?:[0-9]{1,3}\.){2}[0-9]{1,3}\b", "<address>"),
    (r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "<hardware address>"),
    (r"\b[a-z]+_[a-z]+[0-9]?\b(?=\s|$)", "<random name>"),
    (r"\bdosirak-[0-9a-z_]{8}\b", "<state>"),
    (r"\b32(?:76[89]|7[7-9][0-9])\b", "<free port>"),
    (r"\((?:health: starting|healthy)\)", "(<health>)"),
)
_LAYERS = re.compile(
    r"(?:^[0-9a-f]{12}: (?:Pull|Already|Waiting|Verifying|Download|Extracting)[^\n]*\n)+", re.MULTILINE
)
"""A pull's progress: which steps are seen is a matter of luck."""
_RACE = re.compile(r"^time=.* msg=\"error waiting for container: context canceled\"\n", re.MULTILINE)
"""What the old CLI says, or not, when a start fails: whichever of its two requests is answered first."""
_ID = re.compile(r"(?<![0-9A-Za-z:/])[0-9a-f]{64}(?![0-9a-z])|(?<![0-9A-Za-z:/.])[0-9a-f]{12}(?![0-9a-z])")
"""A container's or network's id, whole or short; images have the same ones on both sides, after `sha256:`."""


class Names:
    """Numbers ids as they come, so that one id in two places stays one id."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def name(self, match: re.Match[str]) -> str:
        number = self._seen.setdefault(match[0][:12], len(self._seen) + 1)
        return f"<id {number}>" if len(match[0]) == 64 else f"<short id {number}>"


def normal(text: str) -> str:
    """`text` with names for ids, times and addresses, and columns no wider than two blanks."""
    for pattern, name in _NAMED:
        text = re.sub(pattern, name, text)
    text = _RACE.sub("", text)
    text = _LAYERS.sub("<layers>\n", text)
    text = _ID.sub(Names().name, text)
    return re.sub(r"[ \t]{2,}", "  ", text.replace("\r\n", "\n"))


def document(text: str) -> Any:
    """The JSON list or object that a command printed; None for any other output."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, list | dict) else None


def leaves(value: Any, path: str = "") -> dict[str, str]:
    """Every value in a JSON document by its path: `HostConfig.Memory`; list places and ids count as `*`."""
    if isinstance(value, dict) and value:
        return _joined(sorted((_key(key), json.dumps(item), item) for key, item in value.items()), path)
    if isinstance(value, list) and value:
        return _joined((("*", "", item) for item in value), path)
    return {path: normal(json.dumps(value))}


def _key(key: str) -> str:
    return "*" if _ID.fullmatch(key) else key


def _joined(items: Any, path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    join: Callable[[str], str] = lambda key: f"{path}.{key}".lstrip(".")  # noqa: E731 (a name for the line below)
    for key, _, item in items:
        for place, text in leaves(item, join(key)).items():
            found[place] = f"{found[place]}, {text}" if place in found else text
    return found
