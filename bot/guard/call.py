"""A call as the client meant it: read from the request line once, strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from bot.guard.verdict import Refused

MAX_PARAMETERS = 32
"""The CLI sends at most eight."""
OLDEST, NEWEST = 24, 41
"""API 1.24 to 1.41: below, start takes a body that changes the container; above, this engine has nothing."""

_VERSION = re.compile(r"/v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(/.*)", re.ASCII)
_PATH = re.compile(r"(/[A-Za-z0-9_.:@-]+)+", re.ASCII)
_CONTROL = re.compile(rb"[\x00-\x1f\\\x7f]")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_VALUE = re.compile(r"[!-~]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Call:
    """What a client asks: `path` without its version, `query` decoded, `body` as it came (JSON calls only)."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""


def read_call(method: str, target: str, body: bytes = b"", content_type: str = "") -> Call:
    """The call behind a request line; raises Refused for what two readers could read differently."""
    path, _, query = target.partition("?")
    path = _without_version(path)
    if "%" in path:
        bad = _CONTROL.search(unquote_to_bytes(path))
        raise Refused(400, "bad-path", "the path has a character that no name has") if bad else not_found()
    if not _PATH.fullmatch(path) or any(part in (".", "..") for part in path.split("/")):
        raise not_found()
    return Call(method, path, read_query(query), body, content_type)


def not_found() -> Refused:
    """The engine's own words for a path that it does not have."""
    return Refused(404, "no-route", "page not found")


def _without_version(path: str) -> str:
    match = _VERSION.fullmatch(path)
    if match is None:
        return path
    major, minor = match[1], match[2]
    if len(minor) > 3 or major != "1" or int(minor) > NEWEST:
        message = f"client version {major}.{minor[:9]} is too new. Maximum supported API version is 1.{NEWEST}"
        raise Refused(400, "version", message)
    if int(minor) < OLDEST:
        message = f"client version 1.{minor} is too old. Minimum supported API version is 1.{OLDEST}"
        raise Refused(400, "version", f"{message}, please upgrade your client to a newer version")
    return match[3]


def read_query(text: str) -> dict[str, str]:
    """The parameters, each at most once; raises Refused (400)."""
    if not text:
        return {}
    parts = text.split("&")
    if len(parts) > MAX_PARAMETERS:
        raise Refused(400, "bad-query", "too many query parameters")
    parameters: dict[str, str] = {}
    for part in filter(None, parts):
        key, _, value = part.partition("=")
        if not _KEY.fullmatch(key) or ";" in value or not _VALUE.fullmatch(value) or _ESCAPE.search(value):
            raise Refused(400, "bad-query", "a query parameter cannot be read")
        if key in parameters:
            raise Refused(400, "bad-query", f"the query parameter {key} is there twice")
        parameters[key] = _decoded(value)
    return parameters


def _decoded(value: str) -> str:
    try:
        text = unquote_to_bytes(value.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400, "bad-query", "a query parameter is not UTF-8") from None
    if "\x00" in text:
        raise Refused(400, "bad-query", "a query parameter has a zero byte")
    return text


def flag(text: str | None) -> bool:
    """A truth value as the engine reads it from a query (httputils.BoolValue)."""
    return (text or "").strip().lower() not in ("", "0", "no", "false", "none")
