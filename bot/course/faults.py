"""Collecting what is wrong with the content, so that one start shows all of it."""

from __future__ import annotations

from pathlib import Path

from bot.errors import ContentError, Fault


class Faults:
    """A list of faults, each at a line of a file."""

    def __init__(self) -> None:
        self._found: list[tuple[Path, int, str]] = []

    def add(self, path: Path, line: int, problem: str) -> None:
        """`line` counts from 1; a file that is missing as a whole is at its line 1."""
        self._found.append((path, line, problem))

    def raise_if_any(self) -> None:
        """Raise ContentError with every fault, sorted by file and line; the same fault is said once."""
        if self._found:
            raise ContentError([Fault(f"{path}:{line}", problem) for path, line, problem in sorted(set(self._found))])

    def read(self, path: Path) -> str | None:
        """A file's text; None, and a fault, if it is missing or is not UTF-8."""
        try:
            return path.read_text("utf-8")
        except FileNotFoundError:
            self.add(path, 1, "this file is missing")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            self.add(path, line, "this is not UTF-8")
        return None
