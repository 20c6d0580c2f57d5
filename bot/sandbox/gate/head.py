"""The head of a client's request: parsed by h11, and refused when two parsers could read it differently.

None of these bytes is ever sent on. The checks are here all the same, so that our own reading is the only one possible.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import h11

from bot.sandbox.gate.faults import BadRequest

MAX_HEAD = 64 * 1024
MAX_LINE = 8 * 1024
"""The longest target of the CLI is a `filters` parameter of some hundred bytes."""
MAX_HEADERS = 100

_LINE = re.compile(rb"([A-Z]{3,8}) (\S+) HTTP/1\.([01])")
_HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e]*")
_HOST = re.compile(r"[A-Za-z0-9._:%/\[\]-]*", re.ASCII)
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Head:
    """A request line and the few headers that matter here. `length` 0 with `chunked` False: no body."""

    method: str
    target: str
    headers: Mapping[str, str]
    length: int
    chunked: bool
    keep_alive: bool

    @property
    def has_body(self) -> bool:
        return self.chunked or self.length > 0

    @property
    def wants_upgrade(self) -> bool:
        return "upgrade" in self.headers.get("connection", "").lower() and "upgrade" in self.headers

    @property
    def content_type(self) -> str:
        """Without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_head(raw: bytes) -> Head:
    """The head in `raw`, which ends with its empty line; raises BadRequest."""
    lines = _checked_lines(raw)
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
    try:
        parser.receive_data(raw)
        request = parser.next_event()
    except h11.RemoteProtocolError:
        raise BadRequest(400, "the request's head cannot be read") from None
    if not isinstance(request, h11.Request):
        raise BadRequest(400, "the request's head cannot be read")
    headers = _headers(lines, request.http_version)
    length, chunked = _framing(headers, request.http_version)
    target = request.target.decode("ascii")
    if not target.startswith("/") and target != "*":
        raise BadRequest(400, "the request's target must be a path")
    tokens = {token.strip().lower() for token in headers.get("connection", "").split(",")}
    keep_alive = request.http_version == b"1.1" and "close" not in tokens
    return Head(request.method.decode("ascii"), target, headers, length, chunked, keep_alive)


def _checked_lines(raw: bytes) -> list[bytes]:
    """The header lines: each ends with CR LF, none is folded, and each has the one shape that everyone reads alike."""
    first, *lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    if len(first) > MAX_LINE:
        raise BadRequest(414, "the request line is too long")
    if not _LINE.fullmatch(first):
        raise BadRequest(400, "the request line cannot be read")
    if len(lines) > MAX_HEADERS:
        raise BadRequest(431, "too many header fields")
    if not all(_HEADER.fullmatch(line) for line in lines):
        raise BadRequest(400, "a header field cannot be read")
    return lines


def _headers(lines: list[bytes], version: bytes) -> dict[str, str]:
    """Each header once: the CLI repeats none, and two values of one name are how requests are smuggled.

    From the lines themselves: h11 makes one of lengths that are equal (`2, 2`, or the same header twice).
    """
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.decode("ascii").partition(":")
        key = name.lower()
        if key in found:
            raise BadRequest(400, "a header field is there twice")
        found[key] = value.strip(" \t")
    if not _HOST.fullmatch(found.get("host", "")) or (version == b"1.1" and "host" not in found):
        raise BadRequest(400, "the Host header cannot be read")
    if found.get("content-encoding", "identity") != "identity":
        raise BadRequest(415, "encoded bodies are not taken")
    return found


def _framing(headers: Mapping[str, str], version: bytes) -> tuple[int, bool]:
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if length is not None or version != b"1.1" or coding.lower() != "chunked":
            raise BadRequest(400, "the length of the request's body is not clear")
        return 0, True
    if length is not None and not _LENGTH.fullmatch(length):
        raise BadRequest(400, "the length of the request's body is not clear")
    return int(length or 0), False
