"""Execs whose start the gate has refused in the words of their own stream.

The CLI asks for an exec's exit code when its stream has ended, and takes none for 0.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from bot.guard.verdict import Upstream

REMEMBERED = 256
"""The CLI asks at once, and a lab has a quarter as many connections."""
CODE = 126
"""What the engine itself gives an exec that it could not start."""


class Unbegun:
    """One lab's, the last ones."""

    def __init__(self) -> None:
        self._paths: deque[str] = deque(maxlen=REMEMBERED)

    def add(self, start: Upstream) -> None:
        """`start`: what the engine was not asked for."""
        self._paths.append(start.path.removesuffix("/start"))

    def view(self, request: Upstream, shown: Any) -> Any:
        """The answer to `request`, with the exit code of an exec that is one of these and has still not begun."""
        if request.path.removesuffix("/json") not in self._paths or shown["Running"] or shown["ExitCode"] is not None:
            return shown
        return shown | {"ExitCode": CODE}
