"""A learner's container as a card shows it, read from the engine's description."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.guard.owner import IMAGE_LABEL, PORTS_LABEL
from bot.identity import LabId
from bot.sandbox.names import virtual_name

UNKNOWN = 255
"""What the engine notes for a container that was gone when it started again (moby, daemon/daemon.go, `restore`)."""

State = Literal["created", "running", "paused", "exited"]


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """`--publish host:container`; the host port is the lab's own, never the machine's."""

    host: int
    container: int
    protocol: str


@dataclass(frozen=True, slots=True)
class ContainerSummary:
    """One container of the learner. `name` is the virtual one; times are aware, None when it has not happened yet."""

    id: str
    name: str
    image: str
    state: State
    exit_code: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    ports: tuple[PublishedPort, ...]

    @property
    def runs(self) -> bool:
        """A paused container holds its address and its ports as a running one does."""
        return self.state in ("running", "paused")

    @property
    def lost(self) -> bool:
        """It ran when its engine and its shim died together: nobody can know how it ended."""
        return self.state == "exited" and self.exit_code == UNKNOWN


def summary(lab: LabId, found: Mapping[str, Any]) -> ContainerSummary:
    """From `GET /containers/{id}/json`."""
    state = _state(found["State"]["Status"])
    created = _moment(found["Created"])
    assert created is not None  # The engine sets it at create.
    return ContainerSummary(
        id=found["Id"],
        name=virtual_name(lab, found["Name"]),
        image=found["Config"]["Labels"].get(IMAGE_LABEL, found["Config"]["Image"]),
        state=state,
        exit_code=found["State"]["ExitCode"] if state == "exited" else None,
        created_at=created,
        started_at=_moment(found["State"]["StartedAt"]),
        finished_at=_moment(found["State"]["FinishedAt"]) if state == "exited" else None,
        ports=published(found["Config"]["Labels"]),
    )


def published(labels: Mapping[str, str] | None) -> tuple[PublishedPort, ...]:
    """The ports that the gate noted in the container's label."""
    noted = json.loads((labels or {}).get(PORTS_LABEL, "[]"))
    return tuple(PublishedPort(port["host"], port["container"], port["protocol"]) for port in noted)


def _state(status: str) -> State:
    """The engine has seven words; a learner needs four."""
    states: dict[str, State] = {
        "created": "created",
        "running": "running",
        "restarting": "running",
        "paused": "paused",
    }
    return states.get(status, "exited")


def _moment(text: str) -> datetime | None:
    """RFC 3339 in nanoseconds; the year 1 is Go's "never"."""
    return None if text.startswith("0001-") else datetime.fromisoformat(text)
