"""The rules of which the tables of fields are made. A rule reads one value, or refuses it.

free     `text`, `flag`, `words`, `string_map`  the learner's own, checked for shape and size
bounded  `whole`                               the learner's own, up to a limit
refused  `refused(feature)`                    only its zero value passes, and is dropped
dropped  `dropped`                             read by the CLI alone; never sent on
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.guard.refusals import refuse
from bot.guard.strictjson import is_zero
from bot.guard.verdict import Refused

Rule = Callable[[Any], Any]
Table = Mapping[str, Rule]

MAX_TEXT = 32 * 1024
"""One argument or variable; Linux's own bound for one is 128 KiB."""
MAX_WORDS = 256
MAX_TOGETHER = 64 * 1024
"""All words of one list. A lab's list of containers has the commands of all of them in it, and is read for every call
of the lab, on everybody's event loop."""


def wrong_shape(what: str) -> Refused:
    return Refused(400, "bad-field", f"invalid value for {what}")


def read_fields(value: Any, table: Table, where: str) -> dict[str, Any]:
    """The fields of one object by its table: absent and null give the rule's own empty value.

    A key outside the table is dropped when its value is zero, else refused: nothing unknown can pass.
    """
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise wrong_shape(where)
    for key in value:
        if key not in table and not is_zero(value[key]):
            raise refuse("field", f"{where}.{key[:40]}", 400)
    return {key: _read(rule, value.get(key), f"{where}.{key}") for key, rule in table.items()}


def _read(rule: Rule, value: Any, where: str) -> Any:
    try:
        return rule(value)
    except TypeError:
        raise wrong_shape(where) from None


def flag(value: Any) -> bool:
    if value is not None and not isinstance(value, bool):
        raise TypeError
    return bool(value)


def text(limit: int = MAX_TEXT) -> Rule:
    def read(value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise TypeError
        if len(value) > limit:
            raise refuse("too-much", f"a text of {len(value)} characters, at most {limit}", 400)
        return value

    return read


def words(most: int = MAX_WORDS, limit: int = MAX_TEXT, together: int = MAX_TOGETHER) -> Rule:
    """A list of texts, or None; Docker takes one text for a list of one (StrSlice)."""
    one = text(limit)

    def read(value: Any) -> list[str] | None:
        if value is None:
            return None
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list):
            raise TypeError
        if len(items) > most:
            raise refuse("too-much", f"{len(items)} entries, at most {most}", 400)
        found = [one(item) for item in items]
        if sum(map(len, found)) > together:
            raise refuse("too-much", f"more than {together // 1024} KiB in one list", 400)
        return found

    return read


def string_map(most: int, key_limit: int, value_limit: int) -> Rule:
    key_text, value_text = text(key_limit), text(value_limit)

    def read(value: Any) -> dict[str, str]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise TypeError
        if len(value) > most:
            raise refuse("too-much", f"{len(value)} entries, at most {most}", 400)
        return {key_text(key): value_text(item) for key, item in value.items()}

    return read


def whole(least: int, most: int, feature: str) -> Rule:
    """A whole number; 0 and null mean "not asked for" and give 0."""

    def read(value: Any) -> int:
        if value is None:
            return 0
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError
        if value != 0 and not least <= value <= most:
            raise refuse(feature, f"{value}, at most {most}")
        return value

    return read


def refused(feature: str, *also: Any) -> Rule:
    """Only the zero value (or one of `also`, what a client sends for "not asked for") passes."""

    def read(value: Any) -> None:
        if not is_zero(value) and not any(value == item and type(value) is type(item) for item in also):
            raise refuse(feature)

    return read


def only_null(feature: str) -> Rule:
    """Not even an empty list passes: the engine takes `[]` for "unmask everything"."""

    def read(value: Any) -> None:
        if value is not None:
            raise refuse(feature)

    return read


def dropped(value: Any) -> None:
    """The CLI's own field; the engine has no use for it."""
