"""How a command ended, in words that `chat` can look up."""

from __future__ import annotations

from dataclasses import dataclass

_KEYS = {
    0: "exit.done",
    1: "exit.failed",
    2: "exit.usage",
    125: "exit.docker_refused",
    126: "exit.not_executable",
    127: "exit.not_found",
    130: "exit.interrupted",
    131: "exit.quit",
    137: "exit.killed",
    139: "exit.crashed",
    141: "exit.pipe_closed",
    143: "exit.terminated",
}
"""Codes with a meaning of their own. 125 is the docker CLI's ("the Docker daemon refused", docker run reference),
126 and 127 are the shell's, from 129 on it is 128 + the number of the signal that ended the program (bash manual)."""

EXIT_KEYS = frozenset({*_KEYS.values(), "exit.other", "exit.signal", "exit.unknown"})
"""Every key that `ShellExit.key` can give: the texts of each language have them all."""

_FIRST_SIGNAL_CODE = 129
_LAST_SIGNAL_CODE = 128 + 64


@dataclass(frozen=True, slots=True)
class ShellExit:
    """A command's end: its exit code (None when nobody could see it, as when the shell itself went) and its seconds."""

    code: int | None
    seconds: float

    @property
    def succeeded(self) -> bool:
        return self.code == 0

    @property
    def signal(self) -> int | None:
        """The number of the signal that ended the program, as the shell reports it."""
        if self.code is not None and _FIRST_SIGNAL_CODE <= self.code <= _LAST_SIGNAL_CODE:
            return self.code - 128
        return None

    @property
    def key(self) -> str:
        """Which sentence tells it: `exit.killed` for 137 ("ran out of memory or was killed"), …"""
        if self.code is None:
            return "exit.unknown"
        if key := _KEYS.get(self.code):
            return key
        return "exit.signal" if self.signal else "exit.other"
