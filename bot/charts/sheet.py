"""What a progress picture shows: people by steps, with every word that stands in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One person, and whether each step is done."""

    name: str
    done: tuple[bool, ...]

    @property
    def count(self) -> int:
        return sum(self.done)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: every row has as many values as there are `steps`; `numbers` are those that the lesson shows."""

    title: str
    numbers: tuple[int, ...]
    steps: tuple[str, ...]
    rows: tuple[Row, ...]

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Sheet:
        """What `to_json` wrote."""
        value = json.loads(data)
        rows = tuple(Row(row["name"], tuple(row["done"])) for row in value["rows"])
        return cls(value["title"], tuple(value["numbers"]), tuple(value["steps"]), rows)
