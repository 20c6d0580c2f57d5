"""The one error tree.

DosirakError
├── SettingsError          the environment does not fit; carries every fault
├── ContentError           course files do not fit; carries every fault as file:line
├── EngineError            the engine refused or failed
│   ├── EngineUnavailable  no answer from the engine's socket
│   ├── EngineNotFound     404
│   ├── EngineConflict     409
│   ├── EngineTimeout      no answer in time
│   └── EngineTooMuch      an answer larger than any that is read whole
├── LabError               a lab cannot do this now
│   ├── LabClosed          the lab is not open (any more)
│   ├── LabClosing         something of it is left, and is still being removed
│   ├── LabsFull           the host has no room for another lab
│   │   └── TooManyLabs    one person has as many open as one may have
│   ├── NoMoreTime         it has been extended as often as it may be
│   ├── PortTaken          a running container of the lab holds that host port
│   └── ContainerNotRunning  it has no address, so nothing can connect to it
│       └── ContainerReturns  the bot may be about to start it again
├── PageError              a page cannot be opened, extended or closed
├── ChatError              a message did not reach its chat
│   ├── ChatGone           nobody can be reached there: blocked, removed, deleted
│   └── Undelivered        given up after many attempts
└── StoreError             the state file cannot be read or written

Data lives in attributes; nothing is parsed from a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class DosirakError(Exception):
    """Anything that Dosirak itself raises."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input: where it stands and what to do about it."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


class FaultsError(DosirakError):
    """Several faults found at once, so that one start shows them all."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class SettingsError(FaultsError):
    """The environment does not fit; `place` is the variable's name."""


class ContentError(FaultsError):
    """Course files do not fit; `place` is `file:line`."""


class EngineError(DosirakError):
    """The engine refused or failed: its HTTP status (None: no answer) and its own words."""

    def __init__(self, message: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class EngineUnavailable(EngineError):
    """Nothing answers at the engine's socket."""


class EngineNotFound(EngineError):
    """The engine knows no such object (404)."""


class EngineConflict(EngineError):
    """The object is in a state that does not allow this (409)."""


class EngineTimeout(EngineError):
    """The engine did not answer in time."""


class EngineTooMuch(EngineError):
    """The engine's answer is larger than any that is read whole."""


class LabError(DosirakError):
    """A lab cannot do this now."""


class LabClosed(LabError):
    """The lab is not open, or not open any more."""


class LabClosing(LabError):
    """Its end has begun and broken off; it is gone on with by itself."""


class LabsFull(LabError):
    """The host has no room for another lab."""


class TooManyLabs(LabsFull):
    """One person has as many labs open as one may have."""


class NoMoreTime(LabError):
    """The lab has been extended as often as it may be."""


class PortTaken(LabError):
    """A running container of the lab holds that host port; `holder` is the name that the learner knows it by."""

    def __init__(self, port: int, holder: str) -> None:
        self.port = port
        self.holder = holder
        super().__init__(f"port {port} is held by {holder}")


class ContainerNotRunning(LabError):
    """The container exists but has no address now; `name` is the one that the learner knows it by."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"container {name} is not running")


class ContainerReturns(ContainerNotRunning):
    """The bot has begun a moment ago and starts again what ran before: this container may be among it."""


class PageError(DosirakError):
    """A page cannot be opened, extended or closed."""


class ChatError(DosirakError):
    """A message did not reach its chat."""


class ChatGone(ChatError):
    """Nobody can be reached there any more: the bot was blocked or removed, or the chat is deleted."""


class Undelivered(ChatError):
    """No attempt of many succeeded, or the answer to one got lost and it must not be repeated."""


class StoreError(DosirakError):
    """The state file cannot be read or written."""
