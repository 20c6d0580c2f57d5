"""Query parameters: only those that a route lists, read and written anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bot.guard.call import flag
from bot.guard.verdict import Refused

Pairs = tuple[tuple[str, str], ...]
Reader = Callable[[str], str]

_TIME = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)
_KEYS = re.compile(r"(?:[A-Za-z]|ctrl-[A-Za-z@\[\]^_\\])(?:,(?:[A-Za-z]|ctrl-[A-Za-z@\[\]^_\\]))*", re.ASCII)
MAX_TAIL = 10_000
"""Lines of a log at a time; the log itself keeps at most 2 MB."""


def bad_parameter(name: str) -> Refused:
    return Refused(400, "bad-parameter", f"invalid value for {name}")


def boolean(value: str) -> str:
    return "1" if flag(value) else "0"


def time(value: str) -> str:
    """Seconds since 1970, with or without nanoseconds, as the CLI computes them."""
    if not _TIME.fullmatch(value):
        raise bad_parameter("a time")
    return value


def tail(value: str) -> str:
    if value == "all":
        return value
    if not re.fullmatch(r"[0-9]{1,9}", value, re.ASCII):
        return "all"  # as the engine does
    return str(min(int(value), MAX_TAIL))


def detach_keys(value: str) -> str:
    if len(value) > 64 or not _KEYS.fullmatch(value):
        raise bad_parameter("detachKeys")
    return value


def size(value: str) -> str:
    """A terminal's side; 0 is what the CLI sends before it knows."""
    if not re.fullmatch(r"[0-9]{1,4}", value, re.ASCII) or int(value) > 1000:
        raise bad_parameter("a terminal's size")
    return str(int(value))


def one_of(*allowed: str) -> Reader:
    def read(value: str) -> str:
        if value not in allowed:
            raise bad_parameter("a parameter")
        return value

    return read


def listed(query: Mapping[str, str], readers: Mapping[str, Reader]) -> Pairs:
    """The parameters that are there and not empty, in the readers' order."""
    return tuple((name, read(query[name])) for name, read in readers.items() if query.get(name))
