"""JSON as the engine will read it, and nothing that two readers could read differently.

Go's decoder folds the case of keys (U+017F and U+212A included), merges duplicate objects and ignores what follows the
value; Python's takes NaN, UTF-16 and the last of two equal keys. So: UTF-8 without a mark, ASCII keys, no key twice in
any case, no fractions, bounded depth and size. What passes means the same to both, and is written anew all the same.

Reading holds the event loop, so the parts are counted before any of them is built: a text costs next to nothing, a
thousand parts half a millisecond.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from bot.guard.verdict import Refused

MAX_BYTES = 256 * 1024
"""The CLI's largest create is about 2 kB; what a learner may add to it is 128 KiB of variables and some texts of 32."""
MAX_PARTS = 8192
"""Texts and marks of punctuation. A create that fills every list and map of the tables has fewer than 3,000."""
MAX_DEPTH = 12
"""The deepest body the CLI sends has 6 levels."""
MAX_INTEGER = 2**63
"""Go's int64."""

_PART = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[][{},:]', re.DOTALL)
"""A text (also one without an end: looking on inside it would read the rest again and again), or a mark."""
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def read_json(data: bytes) -> dict[str, Any]:
    """The object in `data`; raises Refused (400) for anything else or anything ambiguous."""
    if len(data) > MAX_BYTES:
        raise Refused(413, "body-too-large", "the request's body is larger than this lab takes")
    if any(True for _ in islice(_PART.finditer(data), MAX_PARTS, None)):
        raise Refused(413, "json-too-much", "the request's body has more parts than this lab takes")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_no_constant,
            parse_int=_integer,
        )
    except (ValueError, RecursionError):
        raise Refused(400, "bad-json", "the request's body is not JSON that can be read in one way only") from None
    if not isinstance(value, dict):
        raise Refused(400, "bad-json", "the request's body is not a JSON object")
    _check(value, MAX_DEPTH)
    return value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    seen = {key.lower() for key, _ in pairs if key.isascii()}
    if len(seen) != len(pairs):
        raise ValueError("a key twice, or one outside ASCII")
    return dict(pairs)


def _no_constant(text: str) -> Any:
    raise ValueError(f"no such number: {text[:20]}")


def _integer(text: str) -> int:
    if len(text) > 20 or not -MAX_INTEGER <= int(text) < MAX_INTEGER:
        raise ValueError("integer out of range")
    return int(text)


def _check(value: Any, depth: int) -> None:
    if depth < 0:
        raise Refused(400, "json-too-deep", "the request's body is nested too deep")
    if isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth)
            _check(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, str) and _NO_TEXT.search(value):
        raise Refused(400, "bad-text", "the request's body has text that is not Unicode")


def is_zero(value: Any) -> bool:
    """Whether Go would call this the zero value: what a client sends for fields that it does not use."""
    if isinstance(value, dict):
        return all(is_zero(item) for item in value.values())
    return value is None or value is False or value == 0 or value == "" or value == []
