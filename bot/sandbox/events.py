"""What the sandbox host tells the floors above: values, and who listens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.identity import LabId
from bot.sandbox.summary import ContainerSummary

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ContainerStarted:
    """A learner's container runs now; `resumed`: by the bot's own start, as it ran before the stop."""

    lab_id: LabId
    container: ContainerSummary
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class ContainerStopped:
    """A learner's container that ran does not any more."""

    lab_id: LabId
    container_id: str


@dataclass(frozen=True, slots=True)
class ContainerRemoved:
    """A learner's container is gone."""

    lab_id: LabId
    container_id: str


@dataclass(frozen=True, slots=True)
class ContainerRenamed:
    """A learner's container has another name; `name` is what the learner sees."""

    lab_id: LabId
    container_id: str
    name: str


@dataclass(frozen=True, slots=True)
class EngineGone:
    """The engine stopped answering; containers may well run on (live-restore)."""


@dataclass(frozen=True, slots=True)
class EngineBack:
    """The engine answers again; what changed meanwhile follows as events of its own."""


@dataclass(frozen=True, slots=True)
class DiskLimitReached:
    """Something of a lab was stopped because of the disk.

    `containers` are the names of what was stopped (or removed) as the learner knows them; empty: the lab's own
    terminal. `host_full`: the lab is within its limit, but the host has no room left. Sizes in bytes.
    """

    lab_id: LabId
    containers: tuple[str, ...]
    used: int
    limit: int
    removed: bool = False
    host_full: bool = False


@dataclass(frozen=True, slots=True)
class TableFull:
    """Something of a lab was stopped because it held most of what the kernel has for all: terminals, file watches.

    `containers` as in `DiskLimitReached`.
    """

    lab_id: LabId
    containers: tuple[str, ...]


ContainerEvent = ContainerStarted | ContainerStopped | ContainerRemoved | ContainerRenamed
LabEvent = ContainerEvent | DiskLimitReached | TableFull | EngineGone | EngineBack
Listener = Callable[[LabEvent], None]


class Events:
    """Calls each listener with each event, in order. Listeners must not block; one that fails stops no other."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; the returned function takes it away again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, event: LabEvent) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                log.exception("a listener failed on %r", event)
