"""The intended differences, read from `differences.yaml`, and what of a comparison they explain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

SOURCE = Path(__file__).with_name("differences.yaml")


@dataclass(frozen=True, slots=True)
class Difference:
    """One intended difference: its heading, its reason, the lines and the keys that it explains."""

    what: str
    reason: str
    lines: Mapping[str, str]
    keys: tuple[str, ...]

    def key_for(self, place: str) -> str | None:
        """The pattern that explains a place in a JSON document."""
        return next((key for key in self.keys if fnmatchcase(place, key)), None)


def read_differences() -> tuple[Difference, ...]:
    entries = yaml.safe_load(SOURCE.read_text())
    return tuple(
        Difference(entry["what"], entry["reason"], entry.get("lines", {}), tuple(entry.get("keys", ())))
        for entry in entries
    )


def explained(line: str, place: str, said: str, differences: Iterable[Difference]) -> str | None:
    """What in the list explains that `line` differs at `place` (`exit`, `stdout`, `stderr`, or a place in its JSON)
    when the lab `said` this; None when nothing does."""
    for difference in differences:
        if line in difference.lines and difference.lines[line] in said:
            return line
        if key := difference.key_for(place):
            return key
    return None
