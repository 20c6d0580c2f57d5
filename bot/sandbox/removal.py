"""How everything of a lab leaves the engine: found by labels, so that nothing depends on what the bot remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from docker import APIClient

from bot.errors import EngineConflict, EngineError, EngineNotFound, LabError
from bot.guard.owner import LEARNER, ROLE_LABEL
from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.names import label_filter

ROUNDS = 10
PAUSE_SECONDS = 0.1
"""A create that was under way when the gate closed can still land: look again until nothing is found."""


@dataclass(frozen=True, slots=True)
class ClosedLab:
    """How many objects of the learner went with the lab."""

    containers: int = 0
    networks: int = 0
    volumes: int = 0


@dataclass(frozen=True, slots=True)
class Met:
    """The learner's objects that attempts to close a lab have met: what goes at one that breaks off counts as well."""

    containers: set[str] = field(default_factory=set)
    networks: set[str] = field(default_factory=set)
    volumes: set[str] = field(default_factory=set)

    def counted(self) -> ClosedLab:
        return ClosedLab(len(self.containers), len(self.networks), len(self.volumes))


async def remove_everything(engine: Engine, lab: LabId, met: Met) -> ClosedLab:
    """Remove the lab's containers, networks and volumes. Raises EngineError, and LabError when something stays."""
    filters = label_filter(lab)
    for _ in range(ROUNDS):
        left = await engine.call(lambda client: client.containers(all=True, filters=filters))
        met.containers.update(_learners(left, "Id"))
        await asyncio.gather(*(engine.remove(item["Id"]) for item in left))
        left_networks = await engine.call(lambda client: client.networks(filters=filters))
        left_volumes = (await engine.call(lambda client: client.volumes(filters=filters)))["Volumes"] or []
        if not left and not left_networks and not left_volumes:
            return met.counted()
        met.networks.update(_learners(left_networks, "Id"))
        met.volumes.update(_learners(left_volumes, "Name"))
        removals: list[Callable[[APIClient], None]] = [_network_removal(item["Id"]) for item in left_networks]
        removals += [_volume_removal(item["Name"]) for item in left_volumes]
        gone = await asyncio.gather(*(_tried(engine, removal) for removal in removals))
        if not all(gone):
            await asyncio.sleep(PAUSE_SECONDS)
    raise LabError(f"something of lab {lab} cannot be removed")


def _learners(items: Iterable[dict[str, Any]], key: str) -> set[str]:
    return {item[key] for item in items if (item["Labels"] or {}).get(ROLE_LABEL) == LEARNER}


def _network_removal(network_id: str) -> Callable[[APIClient], None]:
    return lambda client: client.remove_network(network_id)


def _volume_removal(name: str) -> Callable[[APIClient], None]:
    return lambda client: client.remove_volume(name, force=True)


async def _tried(engine: Engine, removal: Callable[[APIClient], None]) -> bool:
    """False when something still uses it: the next round sees. Not there any more is as good as removed."""
    try:
        await engine.call(removal)
    except EngineNotFound:
        return True
    except EngineConflict:
        return False
    except EngineError as error:
        if error.status == 403:  # "network … has active endpoints"
            return False
        raise
    return True
