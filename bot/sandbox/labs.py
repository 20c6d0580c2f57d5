"""All labs of this host: opened on first use, parked, closed, found again after a crash, swept.

A lab's life, and who moves it on:

    absent --open--> open --park--> parked --open--> open
                      |               |
                      +----close------+--> absent

Open is what this process holds; parked and absent are what the engine knows. A crash turns open into parked, with a
toolbox that still runs and is adopted by the next `open`.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from bot.errors import DosirakError, EngineError, EngineNotFound, EngineUnavailable, LabError, LabsFull
from bot.guard.owner import HOST_LABEL, LAB_LABEL
from bot.identity import LabId
from bot.sandbox.cgroups import Cgroups
from bot.sandbox.containers import Address, Containers
from bot.sandbox.engine import Engine
from bot.sandbox.lab import Lab
from bot.sandbox.names import label_filter, toolbox_name
from bot.sandbox.opening import Opening
from bot.sandbox.removal import ClosedLab, Met, remove_everything
from bot.sandbox.summary import ContainerSummary

log = logging.getLogger(__name__)

STOP_SECONDS = 5.0
"""For all labs together at a clean stop; the whole bot has ten seconds."""

PARK_GRACE_SECONDS = 1
_LAB_ID = re.compile(r"[0-9a-f]{10}", re.ASCII)


class Labs:
    """Opens and closes labs; one lab's changes come one after the other, different labs' at the same time."""

    def __init__(self, engine: Engine, opening: Opening, cgroups: Cgroups, folder: Path, most: int) -> None:
        self._engine = engine
        self._opening = opening
        self._cgroups = cgroups
        self._folder = folder
        self._most = most
        self._open: dict[LabId, Lab] = {}
        self._coming: set[LabId] = set()
        self._broken_off: dict[LabId, Met] = {}
        self._locks: WeakValueDictionary[LabId, asyncio.Lock] = WeakValueDictionary()

    def _changing(self, lab_id: LabId) -> asyncio.Lock:
        return self._locks.setdefault(lab_id, asyncio.Lock())

    def get(self, lab_id: LabId) -> Lab | None:
        """The lab if it is open."""
        return self._open.get(lab_id)

    def all(self) -> tuple[Lab, ...]:
        """Every open lab."""
        return tuple(self._open.values())

    async def open(self, lab_id: LabId) -> Lab:
        """The lab, made, adopted or already open, with bash running. Raises LabsFull, LabError, EngineError."""
        async with self._changing(lab_id):
            lab = self._open.get(lab_id)
            if lab is not None and await self._still_there(lab):
                return lab
            if len(self._open) + len(self._coming) >= self._most:
                raise LabsFull(f"{self._most} labs are open")
            self._coming.add(lab_id)
            try:
                lab = self._open[lab_id] = await self._opening.opened(lab_id)
            finally:
                self._coming.discard(lab_id)
            return lab

    async def _still_there(self, lab: Lab) -> bool:
        try:
            await lab.open()
        except EngineNotFound:
            # Somebody removed the toolbox behind our back.
            await self._let_go(lab.id)
            return False
        return True

    async def _let_go(self, lab_id: LabId) -> None:
        lab = self._open.pop(lab_id, None)
        if lab is not None:
            await lab.let_go()

    async def park(self, lab_id: LabId) -> tuple[str, ...]:
        """Stop all that runs and free its memory; home, containers and volumes stay. Gives the ids of what ran."""
        async with self._changing(lab_id):
            await self._let_go(lab_id)
            containers = Containers(self._engine, lab_id)
            running = [container.id for container in await containers.all() if container.runs]
            removal = self._engine.remove(toolbox_name(lab_id))
            stops = (containers.stop(container_id, PARK_GRACE_SECONDS) for container_id in running)
            _raise_first(await asyncio.gather(removal, *stops, return_exceptions=True))
            return tuple(running)

    async def close(self, lab_id: LabId) -> ClosedLab:
        """Remove everything of the lab; a lab that is not there is closed already. Raises LabError, EngineError."""
        async with self._changing(lab_id):
            await self._let_go(lab_id)
            met = self._broken_off.get(lab_id, Met())
            try:
                closed = await remove_everything(self._engine, lab_id, met)
            except DosirakError:
                self._broken_off[lab_id] = met
                raise
            self._broken_off.pop(lab_id, None)
            await asyncio.to_thread(self._cgroups.remove, lab_id)
            await asyncio.to_thread(shutil.rmtree, self._folder / lab_id, ignore_errors=True)
            return closed

    @property
    def broken_off(self) -> frozenset[LabId]:
        """Labs whose closing broke off, because the engine was away or silent about one of their objects."""
        return frozenset(self._broken_off)

    async def found(self) -> frozenset[LabId]:
        """Every lab that left a trace: an object on the engine, a folder, a cgroup."""
        filters = label_filter(host=self._engine.host)
        containers, networks, volumes = await asyncio.gather(
            self._engine.call(lambda client: client.containers(all=True, filters=filters)),
            self._engine.call(lambda client: client.networks(filters=filters)),
            self._engine.call(lambda client: client.volumes(filters=filters)),
        )
        items: list[dict[str, Any]] = [*containers, *networks, *(volumes["Volumes"] or [])]
        names = {str((item["Labels"] or {}).get(LAB_LABEL)) for item in items}
        names |= await asyncio.to_thread(self._traces)
        return frozenset(LabId(name) for name in names if _LAB_ID.fullmatch(name))

    async def others(self) -> bool:
        """Whether another bot has labs on this engine, for which the walls must stay."""
        networks = await self._engine.call(lambda client: client.networks(filters=label_filter()))
        return any((network["Labels"] or {}).get(HOST_LABEL, "") != self._engine.host for network in networks)

    def _traces(self) -> set[str]:
        folders = {entry.name for entry in self._folder.iterdir()} if self._folder.is_dir() else set()
        return folders | self._cgroups.found()

    async def sweep(self, keep: Collection[LabId]) -> frozenset[LabId]:
        """Close every lab that is found but not to be kept; which ones went."""
        return await self.close_all(await self.found() - frozenset(keep))

    async def close_all(self, leftovers: Collection[LabId]) -> frozenset[LabId]:
        """Close these; which ones went. One that resists is logged, and one of `broken_off`."""
        swept = await asyncio.gather(*(self._swept(lab_id) for lab_id in leftovers))
        return frozenset(lab_id for lab_id in swept if lab_id is not None)

    async def _swept(self, lab_id: LabId) -> LabId | None:
        try:
            await self.close(lab_id)
        except DosirakError as error:
            log.warning("something of lab %s is left, and is tried again: %s", lab_id, error)
            return None
        return lab_id

    async def stop_all(self) -> dict[LabId, tuple[str, ...]]:
        """Park every lab that is open or runs, within five seconds altogether; which containers ran, for `resume`."""
        ran: dict[LabId, tuple[str, ...]] = {}

        async def stop(lab_id: LabId) -> None:
            try:
                ran[lab_id] = await self.park(lab_id)
            except EngineError as error:
                log.warning("lab %s was not stopped: %s", lab_id, error)

        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*(stop(lab_id) for lab_id in await self._running() | set(self._open)))
        except TimeoutError:
            log.warning("not every lab stopped in %g s", STOP_SECONDS)
        except EngineError as error:
            log.warning("no lab was stopped: %s", error)
        return {lab_id: containers for lab_id, containers in ran.items() if containers}

    async def _running(self) -> set[LabId]:
        """Also labs that a crashed bot had opened and nobody has used since."""
        filters = label_filter(host=self._engine.host)
        listed = await self._engine.call(lambda client: client.containers(filters=filters))
        return {LabId(item["Labels"][LAB_LABEL]) for item in listed}

    async def resume(self, ran: Mapping[LabId, Collection[str]]) -> dict[LabId, tuple[str, ...]]:
        """Open these labs again and start what ran in them; what cannot be started is logged.

        Gives what is still to be started because the engine has gone away meanwhile.
        """
        left = await asyncio.gather(*(self._resume(lab_id, containers) for lab_id, containers in ran.items()))
        return {lab_id: containers for lab_id, containers in zip(ran, left, strict=True) if containers}

    async def _resume(self, lab_id: LabId, containers: Collection[str]) -> tuple[str, ...]:
        try:
            lab = await self.open(lab_id)
        except EngineUnavailable:
            return tuple(containers)
        except (EngineError, LabError) as error:
            log.warning("lab %s is not resumed: %s", lab_id, error)
            return ()
        left = []
        for container_id in containers:
            try:
                await lab.start(container_id)
            except EngineUnavailable:
                left.append(container_id)
            except (EngineError, LabError) as error:
                log.warning("container %s is not started again: %s", container_id[:12], error)
        return tuple(left)

    async def containers(self, lab_id: LabId) -> tuple[ContainerSummary, ...]:
        """The learner's containers, newest first, whether the lab is open or not."""
        return await Containers(self._engine, lab_id).all()

    async def address(self, lab_id: LabId, container_id: str, port: int) -> Address:
        """Where a container's port is, for a page. Raises EngineNotFound, ContainerNotRunning, EngineUnavailable."""
        lab = self._open.get(lab_id)
        containers = lab.learner if lab is not None else Containers(self._engine, lab_id)
        return await containers.address(container_id, port)

    async def let_go_all(self) -> None:
        """Close sockets and streams of all labs; on the engine nothing changes."""
        await asyncio.gather(*(self._let_go(lab_id) for lab_id in tuple(self._open)))


def _raise_first(results: Iterable[object]) -> None:
    """After all have ended: raise what went wrong, except that something was gone already."""
    errors: Sequence[BaseException] = [result for result in results if isinstance(result, BaseException)]
    for error in errors:
        if not isinstance(error, EngineNotFound):
            raise error
