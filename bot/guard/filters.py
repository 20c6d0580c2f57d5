"""The `filters` parameter, in both of its forms, and the filters that the gate answers itself."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.guard.references import repository_of
from bot.guard.strictjson import read_json
from bot.guard.verdict import Refused

MAX_VALUES = 32
MAX_VALUE = 256
MAX_ALL = 1024
"""Characters of one filter's values together: each pattern is compiled, a kilobyte of the worst in 8 ms."""

_PLAIN = re.compile(r"\^?[A-Za-z0-9_./-]*\$?", re.ASCII)

Filters = Mapping[str, tuple[str, ...]]


def read_filters(query: Mapping[str, str], allowed: Iterable[str]) -> Filters:
    """`{"name":["web"]}` or the old `{"name":{"web":true}}` → {"name": ("web",)}; raises Refused (400)."""
    text = query.get("filters", "")
    if not text:
        return {}
    known = set(allowed)
    found: dict[str, tuple[str, ...]] = {}
    for key, value in read_json(text.encode()).items():
        if key not in known:
            raise Refused(400, "bad-filter", f"Invalid filter '{key[:40]}'")
        found[key] = _values(value)
    return found


def _values(value: Any) -> tuple[str, ...]:
    values = [item for item, wanted in value.items() if wanted is True] if isinstance(value, dict) else value
    if not isinstance(values, list) or len(values) > MAX_VALUES:
        raise Refused(400, "bad-filter", "invalid filter")
    if any(not isinstance(item, str) or len(item) > MAX_VALUE for item in values):
        raise Refused(400, "bad-filter", "invalid filter")
    if sum(map(len, values)) > MAX_ALL:
        raise Refused(400, "bad-filter", "invalid filter")
    return tuple(values)


def written(filters: Mapping[str, Iterable[str]]) -> tuple[str, str]:
    """The query parameter for the engine."""
    return "filters", json.dumps({key: list(values) for key, values in filters.items()}, separators=(",", ":"))


def has_label(labels: Mapping[str, str] | None, wanted: str) -> bool:
    """Docker's label filter: `key` or `key=value`."""
    key, equals, value = wanted.partition("=")
    own = labels or {}
    return key in own and (not equals or own[key] == value)


def prunable(labels: Mapping[str, str] | None, filters: Filters) -> bool:
    """Whether a prune with these filters may take an object: every `label` is there, and not every `label!`."""
    unwanted = filters.get("label!", ())
    if unwanted and all(has_label(labels, value) for value in unwanted):
        return False
    return all(has_label(labels, value) for value in filters.get("label", ()))


def refuse_until(filters: Filters) -> None:
    """A time from now needs a clock, and a decision has none."""
    if "until" in filters:
        raise Refused(400, "bad-filter", "prune takes no until filter in this lab; choose by label, or remove by name")


def name_filter(patterns: Iterable[str]) -> Callable[[list[str]], bool]:
    """Docker's name filter on the lab's own names, `/web`: the engine has looked at longer ones, and may have found a
    part of the lab's prefix. A pattern with repetitions is left to the engine, whose RE2 no pattern can slow down."""
    wanted = tuple(patterns)
    if not all(_PLAIN.fullmatch(pattern) for pattern in wanted):
        return lambda names: True
    return lambda names: (
        not wanted
        or any(
            re.search(pattern, text) for pattern in wanted for name in names for text in (name, name.removeprefix("/"))
        )
    )


def keep_by_filters(images: list[dict[str, Any]], filters: Filters) -> list[dict[str, Any]]:
    """Images that the filters keep; `dangling=true` keeps none, since every image on a shelf has a name."""
    if "true" in filters.get("dangling", ()) or "1" in filters.get("dangling", ()):
        return []
    patterns = tuple(map(_compiled, filters.get("reference", ())))
    return [image for image in images if _keeps(image, filters.get("label", ()), patterns)]


def _keeps(image: dict[str, Any], labels: Iterable[str], patterns: tuple[re.Pattern[str], ...]) -> bool:
    if not all(has_label(image["Labels"], label) for label in labels):
        return False
    names = [name for tag in image["RepoTags"] for name in (tag, repository_of(tag))]
    return not patterns or any(pattern.match(name) for pattern in patterns for name in names)


def _compiled(pattern: str) -> re.Pattern[str]:
    """fnmatch writes its stars as atomic groups, so a hostile pattern costs no more than its length. Not fnmatch's own
    matching: that keeps 32,768 compiled patterns for ever, and labs would choose which."""
    return re.compile(fnmatch.translate(pattern))
