"""The learner's containers of one lab, through the engine. Each call first sees that it is the lab's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.errors import ContainerNotRunning, EngineConflict, EngineNotFound, PortTaken
from bot.guard.owner import ANONYMOUS_LABEL, LEARNER
from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.names import belongs, label_filter, network_name
from bot.sandbox.summary import ContainerSummary, summary

STOP_SECONDS = 2
"""Between TERM and KILL: a lesson's containers keep nothing that a longer wait would save."""

ADDRESS_SECONDS = 2.0
"""How long an address is believed: spares a busy page one inspect for each request."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a container's port is, inside the engine's network namespace."""

    ip: str
    port: int


class Containers:
    """Reads and changes the learner's containers of one lab."""

    def __init__(self, engine: Engine, lab: LabId, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._lab = lab
        self._clock = clock
        self._addresses: dict[str, tuple[float, str]] = {}

    async def all(self) -> tuple[ContainerSummary, ...]:
        """Every container of the learner, newest first."""
        filters = label_filter(self._lab, LEARNER)
        listed = await self._engine.call(lambda client: client.containers(all=True, filters=filters))
        found = await asyncio.gather(*(self._known(item["Id"]) for item in listed))
        summaries = [summary(self._lab, item) for item in found if item is not None]
        return tuple(sorted(summaries, key=lambda item: item.created_at, reverse=True))

    async def get(self, container_id: str) -> ContainerSummary:
        """Raises EngineNotFound for one that is not the lab's, as for one that is not there."""
        return summary(self._lab, await self._inspect(container_id))

    async def logs(self, container_id: str, tail: int) -> bytes:
        """The last lines that it wrote; output and errors in the engine's order."""
        found = await self._inspect(container_id)
        written: bytes = await self._engine.call(lambda client: client.logs(found["Id"], tail=tail))
        return written

    async def start(self, container_id: str) -> None:
        """Raises PortTaken when another running container of the lab holds one of its host ports."""
        wanted = await self.get(container_id)
        if wanted.ports:
            self._check_ports(wanted, await self.all())
        await self._engine.start(wanted.id, self._lab)

    def _check_ports(self, wanted: ContainerSummary, others: tuple[ContainerSummary, ...]) -> None:
        ports = {(port.host, port.protocol) for port in wanted.ports}
        for other in others:
            if other.id == wanted.id or not other.runs:
                continue
            for port in other.ports:
                if (port.host, port.protocol) in ports:
                    raise PortTaken(port.host, other.name)

    async def stop(self, container_id: str, seconds: int = STOP_SECONDS) -> None:
        found = await self._inspect(container_id)
        await self._engine.stop(found["Id"], seconds)

    async def remove(self, container_id: str) -> None:
        """Remove it, running or not, and the volumes that were made for it without a name."""
        found = await self._inspect(container_id)
        await self._engine.remove(found["Id"])
        for mount in found["Mounts"]:
            if mount.get("Type") == "volume":
                await self._remove_anonymous(mount["Name"])

    async def _remove_anonymous(self, name: str) -> None:
        try:
            volume = await self._engine.call(lambda client: client.inspect_volume(name))
            if belongs(volume["Labels"], self._lab, LEARNER) and ANONYMOUS_LABEL in volume["Labels"]:
                await self._engine.call(lambda client: client.remove_volume(name))
        except (EngineNotFound, EngineConflict):
            return  # Gone already, or another container uses it too.

    async def remove_all(self) -> int:
        """Remove every container of the learner; how many there were."""
        containers = await self.all()
        gone = await asyncio.gather(*(self._try_remove(container.id) for container in containers))
        return sum(gone)

    async def _try_remove(self, container_id: str) -> bool:
        try:
            await self.remove(container_id)
        except EngineNotFound:
            return False
        return True

    async def address(self, container_id: str, port: int) -> Address:
        """Where a port of a running container is. Raises EngineNotFound, ContainerNotRunning."""
        known = self._addresses.get(container_id)
        if known is None or known[0] < self._clock():
            ip = self._ip_of(await self._inspect(container_id))
            known = self._addresses[container_id] = (self._clock() + ADDRESS_SECONDS, ip)
        return Address(known[1], port)

    def _ip_of(self, found: dict[str, Any]) -> str:
        """Its address on the lab's own network, or on another network that the learner made."""
        networks: dict[str, Any] = found["NetworkSettings"]["Networks"]
        own = networks.get(network_name(self._lab))
        for network in ([own] if own else []) + list(networks.values()):
            if ip := network["IPAddress"]:
                return str(ip)
        raise ContainerNotRunning(summary(self._lab, found).name)

    def forget_address(self, container_id: str) -> None:
        """The container stopped: its address may soon be another's."""
        self._addresses.pop(container_id, None)

    async def _inspect(self, container_id: str) -> dict[str, Any]:
        found = await self._engine.inspect(container_id)
        if not belongs(found["Config"]["Labels"], self._lab, LEARNER):
            raise EngineNotFound(f"No such container: {container_id}", 404)
        return found

    async def _known(self, container_id: str) -> dict[str, Any] | None:
        try:
            return await self._inspect(container_id)
        except EngineNotFound:
            return None  # Removed since the list was made.
