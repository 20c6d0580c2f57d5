"""Strict reading of a small YAML mapping: each value with the line it stands at, unknown keys refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import yaml

from bot.course.faults import Faults
from bot.richtext import units


class Fields:
    """A mapping's values by key. A wrong value is a fault and reads as empty, so that reading goes on."""

    def __init__(self, node: yaml.Node | None, path: Path, first: int, faults: Faults, known: Collection[str]) -> None:
        """`first` is the file's line at which the YAML text starts: its marks count from there."""
        self._path = path
        self._faults = faults
        self._first = first
        self._start = self.line_of(node)
        self._nodes: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            faults.add(path, self._start, f"write keys and values here: {', '.join(known)}")
            return
        for key, value in node.value:
            self._take(str(key.value), key, value, known)

    @classmethod
    def parse(cls, source: str, path: Path, first: int, faults: Faults, known: Collection[str]) -> Fields:
        """Read YAML text that starts at line `first` of the file."""
        try:
            node = yaml.compose(source, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            faults.add(path, first + (mark.line if mark else 0), f"not YAML: {error.problem or error.context}")
            node = yaml.MappingNode("tag:yaml.org,2002:map", [])
        return cls(node, path, first, faults, known)

    def _take(self, name: str, key: yaml.Node, value: yaml.Node, known: Collection[str]) -> None:
        if name not in known:
            self._faults.add(self._path, self.line_of(key), f"unknown key {name!r}; known: {', '.join(known)}")
        elif name in self._nodes:
            self._faults.add(self._path, self.line_of(key), f"{name!r} is here twice")
        else:
            self._nodes[name] = value

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    def line_of(self, node: yaml.Node | None) -> int:
        return self._first + (node.start_mark.line if node is not None and node.start_mark else 0)

    def line(self, key: str) -> int:
        """Line of a key's value, or of the mapping's start when the key is missing."""
        return self.line_of(self._nodes[key]) if key in self._nodes else self._start

    def fault(self, key: str, problem: str) -> None:
        self._faults.add(self._path, self.line(key), problem)

    def text(self, key: str, *, limit: int, required: bool = True) -> str:
        """One text of at most `limit` UTF-16 units; empty if it is absent and need not be there."""
        node = self._nodes.get(key)
        if node is None:
            if required:
                self.fault(key, f"{key!r} is missing")
            return ""
        return self._scalar(key, node, limit)

    def texts(self, key: str, *, limit: int, most: int) -> tuple[str, ...]:
        """A list of at most `most` texts; empty if absent."""
        found = tuple(text for text, _ in self.lines(key, limit=limit))
        if len(found) > most:
            self.fault(key, f"{key!r} has {len(found)} entries, at most {most} fit")
        return found

    def lines(self, key: str, *, limit: int) -> Iterator[tuple[str, int]]:
        """The texts of a list, each with its line."""
        node = self._nodes.get(key)
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            self.fault(key, f"{key!r} must be a list")
            return
        for entry in node.value:
            yield self._scalar(key, entry, limit), self.line_of(entry)

    def number(self, key: str) -> int:
        """A whole number from 1; 1 where it is wrong, since the fault is already noted."""
        value = self.text(key, limit=9)
        if value.isascii() and value.isdigit() and int(value) > 0:
            return int(value)
        if value:
            self.fault(key, f"{key!r} must be a number from 1")
        return 1

    def section(self, key: str, known: Collection[str]) -> Fields:
        """The mapping under a key that is there."""
        return Fields(self._nodes[key], self._path, self._first, self._faults, known)

    def sections(self, key: str, known: Collection[str]) -> Iterator[Fields]:
        """The mappings of a list; none if absent."""
        node = self._nodes.get(key)
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            self.fault(key, f"{key!r} must be a list")
            return
        for entry in node.value:
            yield Fields(entry, self._path, self._first, self._faults, known)

    def _scalar(self, key: str, node: yaml.Node, limit: int) -> str:
        value = node.value.strip() if isinstance(node, yaml.ScalarNode) else ""
        if not value:
            self._faults.add(self._path, self.line_of(node), f"{key!r} needs a text")
        elif units(value) > limit:
            problem = f"{key!r} has {units(value)} units, at most {limit} fit"
            self._faults.add(self._path, self.line_of(node), problem)
        elif "`" in value or "**" in value:
            self._faults.add(self._path, self.line_of(node), f"{key!r} is plain text: leave out ` and **")
        return value
