"""Reads an asciicast as its specification has it (docs.asciinema.org, "asciicast v3"), strictly: what a player may
rely on is asserted. Knows nothing of how ours is written."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

REQUIRED = {"version": int, "term": dict}
OPTIONAL = {"timestamp": int, "idle_time_limit": (int, float), "command": str, "title": str, "env": dict, "tags": list}
TERM = {"cols": int, "rows": int, "type": str, "version": str, "theme": dict}
CODES = frozenset("oimrx")
"""Output, input, marker, resize, exit: a player leaves others alone, and we write none."""


@dataclass(frozen=True)
class Event:
    interval: float
    code: str
    data: str


@dataclass(frozen=True)
class Cast:
    header: dict[str, Any]
    events: tuple[Event, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows at the beginning."""
        return self.header["term"]["cols"], self.header["term"]["rows"]

    @property
    def output(self) -> str:
        return "".join(event.data for event in self.events if event.code == "o")


def read(document: bytes) -> Cast:
    """The file's content; AssertionError where it is no asciicast v3."""
    text = document.decode("utf-8", errors="strict")
    assert text.endswith("\n")
    header, *lines = text.removesuffix("\n").split("\n")
    return Cast(_header(header), tuple(_event(line) for line in lines if not line.startswith("#")))


def _header(line: str) -> dict[str, Any]:
    header = json.loads(line)
    assert isinstance(header, dict) and header["version"] == 3
    assert REQUIRED.keys() <= header.keys() <= REQUIRED.keys() | OPTIONAL.keys()
    for name, kind in {**REQUIRED, **OPTIONAL}.items():
        assert name not in header or isinstance(header[name], kind), name
    term = header["term"]
    assert {"cols", "rows"} <= term.keys() <= TERM.keys()
    assert all(isinstance(value, TERM[name]) for name, value in term.items())
    assert term["cols"] > 0 and term["rows"] > 0
    return header


def _event(line: str) -> Event:
    event = json.loads(line, parse_constant=lambda name: math.nan)
    assert isinstance(event, list) and len(event) == 3
    interval, code, data = event
    assert isinstance(interval, int | float) and interval >= 0 and math.isfinite(interval)
    assert code in CODES and isinstance(data, str)
    data.encode("utf-8", errors="strict")  # No lone surrogate, which JSON could carry.
    assert code != "r" or re.fullmatch(r"[1-9]\d*x[1-9]\d*", data)
    return Event(float(interval), code, data)
