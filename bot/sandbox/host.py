"""The sandbox host: the engine, its labs, their walls, and what it tells the floors above."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.errors import ContainerNotRunning, ContainerReturns, DosirakError
from bot.guard.owner import Limits, Owner
from bot.identity import LabId
from bot.sandbox.cgroups import Cgroups, LabLimits
from bot.sandbox.containers import Address
from bot.sandbox.disk import DiskLimits, DiskWatchdog
from bot.sandbox.engine import Engine
from bot.sandbox.events import ContainerRemoved, ContainerStarted, ContainerStopped, Events, LabEvent
from bot.sandbox.firewall import Firewall
from bot.sandbox.gate import Gate, ImageShelf
from bot.sandbox.gate.spool import Spools
from bot.sandbox.holdings import Inventory
from bot.sandbox.hostid import host_id
from bot.sandbox.labs import Labs
from bot.sandbox.meter import Meter
from bot.sandbox.namespace import NetworkNamespace
from bot.sandbox.opening import LabPlan, Opening
from bot.sandbox.refusals import Refusals
from bot.sandbox.tables import TableWatchdog
from bot.sandbox.watch import Watch
from bot.settings import Settings
from bot.tasks import TaskShelf

log = logging.getLogger(__name__)

MIB = 2**20
TOOLBOX_SHARES = 2
"""A toolbox may use as much memory as this many containers: the docker CLI alone takes 30 MiB for each call."""
CHECKS_PIDS = 16
"""Processes in the toolbox for the bashes that run checks: who is at work there keeps what a container has."""

READY_SECONDS = 2.0
"""How long the start waits for the engine; after that it goes on without, and recovers by itself."""


class SandboxHost:
    """`async with SandboxHost(settings, shelf, images) as host:` then `host.labs`, `host.events`, `host.namespace`."""

    def __init__(self, settings: Settings, shelf: ImageShelf, images: frozenset[str]) -> None:
        """`images` are the references that learners may pull."""
        self._settings = settings
        self._image_shelf = shelf
        self._images = images
        self._tasks = TaskShelf()
        self.events = Events()
        self._refusals = Refusals()
        self._takes_up = False
        self.namespace = NetworkNamespace(settings.network_namespace)
        self._firewall = Firewall(self.namespace)
        self._cgroups = Cgroups(settings.cgroup)
        self._spools = Spools(settings.state.absolute())

    @property
    def refusals(self) -> Mapping[str, int]:
        """What the gates have refused since the start, by code."""
        return self._refusals.counts

    async def __aenter__(self) -> Self:
        own = await asyncio.to_thread(host_id, self._settings.state)
        self._engine = Engine(Path(self._settings.engine.removeprefix("unix://")), own)
        plan = self._plan()
        opening = Opening(self._engine, self.namespace, self._cgroups, plan, self._gate)
        self.labs = Labs(self._engine, opening, self._cgroups, plan.folder, self._settings.labs_max)
        self._watch = Watch(self._engine, self.events)
        self._disk = self._disk_watchdog()
        self._tables = TableWatchdog(self._engine, self.events, self._cgroups, self._open_labs)
        await asyncio.to_thread(self._cgroups.thaw_all)  # a bot that was killed may have left a lab frozen
        self.meter = Meter(Inventory(self._engine))
        self.events.listen(self._keep_ports)
        try:
            await self._firewall.ensure()
        except BaseException:
            await self._engine.close()
            raise
        self._tasks.keep(self._firewall.keep, name="firewall")
        self._tasks.keep(self._watch.run, name="engine events")
        self._tasks.keep(self._disk.run, name="disk watchdog")
        self._tasks.keep(self._tables.run, name="tables watchdog")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._watch.ready.wait(), READY_SECONDS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()
        await self.labs.let_go_all()
        await self._engine.close()
        self.namespace.close()

    @property
    def engine_answers(self) -> bool:
        """Whether the engine's event stream is up."""
        return self._watch.engine_answers

    async def stop_all(self) -> dict[LabId, tuple[str, ...]]:
        """The clean stop, before the context ends: park all labs, then take the walls down. What ran, for `resume`."""
        ran = await self.labs.stop_all()
        await self._tasks.close()
        try:
            if not await self.labs.others():
                await self._firewall.remove()
        except DosirakError as error:
            log.warning("the firewall rules stay: %s", error)
        return ran

    async def resume(self, ran: dict[LabId, tuple[str, ...]]) -> dict[LabId, tuple[str, ...]]:
        """Start again what a clean stop ended. What is left of it, because the engine has gone away meanwhile."""
        self._watch.expect(chain.from_iterable(ran.values()))
        return await self.labs.resume(ran)

    @contextmanager
    def taking_up(self) -> Iterator[None]:
        """Inside, a container that does not run may be about to be started again, and `address` says so."""
        self._takes_up = True
        try:
            yield
        finally:
            self._takes_up = False

    async def address(self, lab_id: LabId, container_id: str, port: int) -> Address:
        """Where a container's port is; connect with a socket from `make_socket`. Raises as `Labs.address`."""
        try:
            return await self.labs.address(lab_id, container_id, port)
        except ContainerNotRunning as error:
            if self._takes_up:
                raise ContainerReturns(error.name) from error
            raise

    def make_socket(self, family: int = socket.AF_INET) -> socket.socket:
        """A non-blocking TCP socket among the engine's bridges."""
        return self.namespace.socket(family)

    def _plan(self) -> LabPlan:
        settings = self._settings
        return LabPlan(
            folder=settings.state.absolute() / "labs",
            image=settings.toolbox_image,
            runtime=settings.runtime,
            limits=LabLimits(settings.lab_memory_mib * MIB, settings.lab_cpus, settings.lab_pids),
            toolbox_memory=min(settings.lab_memory_mib, TOOLBOX_SHARES * settings.container_memory_mib) * MIB,
            toolbox_pids=settings.container_pids + CHECKS_PIDS,
        )

    def _disk_watchdog(self) -> DiskWatchdog:
        limits = DiskLimits(self._settings.lab_disk_mib * MIB, self._settings.disk_reserve_mib * MIB)
        return DiskWatchdog(self._engine, self.events, self._cgroups, limits, self._open_labs)

    def _open_labs(self) -> set[LabId]:
        return {lab.id for lab in self.labs.all()}

    def _gate(self, lab_id: LabId, network: str) -> Gate:
        settings = self._settings
        limits = Limits(
            container_memory=settings.container_memory_mib * MIB,
            container_pids=settings.container_pids,
            cpus=settings.lab_cpus,
            containers=settings.lab_containers,
        )
        owner = Owner(
            lab=lab_id,
            network=network,
            cgroup_parent=self._cgroups.path(lab_id),
            images=self._images,
            limits=limits,
            runtime=settings.runtime,
            host=self._engine.host,
        )
        observer = _Observer(self.labs, self._refusals)
        return Gate(
            engine_socket=self._engine.socket_path,
            owner=owner,
            shelf=self._image_shelf,
            observer=observer,
            turns=self._engine.turns,
            freezer=self._cgroups,
            spools=self._spools,
        )

    def _keep_ports(self, event: LabEvent) -> None:
        """Ports follow the containers also when no gate was asked: a crash, an `exit`, the engine's own restart."""
        if isinstance(event, ContainerStarted):
            lab_id, container_id = event.lab_id, event.container.id
        elif isinstance(event, ContainerStopped | ContainerRemoved):
            lab_id, container_id = event.lab_id, event.container_id
        else:
            return
        if (lab := self.labs.get(lab_id)) is not None:
            keep = lab.ports.gone if isinstance(event, ContainerRemoved) else lab.ports.ensure
            self._tasks.start(keep(container_id), name=f"ports of {container_id[:12]}")


class _Observer:
    """What the gate tells: the ports are open before `docker run -d` returns."""

    def __init__(self, labs: Labs, refusals: Refusals) -> None:
        self._labs = labs
        self._refusals = refusals

    async def container_started(self, lab: LabId, container_id: str) -> None:
        if (found := self._labs.get(lab)) is not None:
            await found.ports.ensure(container_id)

    async def container_gone(self, lab: LabId, container_id: str) -> None:
        if (found := self._labs.get(lab)) is not None:
            await found.ports.ensure(container_id)

    def refused(self, lab: LabId, code: str) -> None:
        self._refusals.note(lab, code)
