"""How a lab comes to be on the engine, or is found there again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EngineConflict, EngineError, LabError
from bot.guard.networks import BRIDGE_TAKEN
from bot.guard.owner import NETWORK
from bot.identity import LabId
from bot.sandbox.cgroups import Cgroups, LabLimits
from bot.sandbox.engine import Engine
from bot.sandbox.lab import Lab, LabGate
from bot.sandbox.names import belongs, bridge_names, labels, network_name
from bot.sandbox.namespace import NetworkNamespace
from bot.sandbox.toolbox import ToolboxPlan, made_or_found

log = logging.getLogger(__name__)

SOCKET = "docker.sock"
MakeGate = Callable[[LabId, str], LabGate]
"""From a lab and the full id of its network to its gate."""


@dataclass(frozen=True, slots=True)
class LabPlan:
    """What every lab of this host is made of. `folder` holds one folder for each lab, for its socket."""

    folder: Path
    image: str
    runtime: str
    limits: LabLimits
    toolbox_memory: int
    toolbox_pids: int


class Opening:
    """Makes or adopts labs. Each step finds what an earlier, broken attempt left, and goes on from there."""

    def __init__(
        self, engine: Engine, namespace: NetworkNamespace, cgroups: Cgroups, plan: LabPlan, make_gate: MakeGate
    ) -> None:
        self._engine = engine
        self._namespace = namespace
        self._cgroups = cgroups
        self._plan = plan
        self._make_gate = make_gate

    async def opened(self, lab_id: LabId) -> Lab:
        """The lab with its gate accepting, its shell attached and its ports open. Raises LabError, EngineError."""
        folder = self._plan.folder / lab_id
        network, gate = await self._accepting(lab_id, folder)
        try:
            toolbox = await made_or_found(self._engine, self._toolbox_plan(lab_id, network, folder))
        except BaseException:
            await gate.close()
            raise
        lab = Lab(lab_id, self._engine, toolbox, gate, self._namespace)
        try:
            await lab.open()
        except BaseException:
            await lab.let_go()
            raise
        return lab

    async def _accepting(self, lab_id: LabId, folder: Path) -> tuple[str, LabGate]:
        """The lab's network and its gate, which accepts."""
        try:
            network, _, _ = await asyncio.gather(
                self._network(lab_id),
                asyncio.to_thread(self._cgroups.ensure, lab_id, self._plan.limits),
                asyncio.to_thread(_make_folder, folder),
            )
            gate = self._make_gate(lab_id, network)
            await gate.start(folder / SOCKET)
        except OSError as error:  # a full disk, too many open files
            raise LabError(f"the lab's folder {folder} cannot be used: {error.strerror}") from error
        return network, gate

    def _toolbox_plan(self, lab_id: LabId, network: str, folder: Path) -> ToolboxPlan:
        return ToolboxPlan(
            lab=lab_id,
            image=self._plan.image,
            runtime=self._plan.runtime,
            network=network,
            socket_folder=folder,
            cgroup_parent=self._cgroups.path(lab_id),
            memory=self._plan.toolbox_memory,
            pids=self._plan.toolbox_pids,
            host=self._engine.host,
        )

    async def _network(self, lab_id: LabId) -> str:
        """The full id of the lab's network."""
        for bridge in bridge_names(lab_id):
            try:
                return await self._made_network(lab_id, bridge)
            except EngineConflict:
                return await self._found_network(lab_id)
            except EngineError as error:
                if BRIDGE_TAKEN not in str(error):
                    raise
                log.warning("the engine holds the bridge %s for a network that the lab has not", bridge)
        raise LabError(f"the engine has no bridge for the lab {lab_id}")

    async def _made_network(self, lab_id: LabId, bridge: str) -> str:
        made = await self._engine.call(
            lambda client: client.create_network(
                network_name(lab_id),
                driver="bridge",
                internal=True,
                check_duplicate=True,
                labels=labels(lab_id, NETWORK, self._engine.host),
                options={
                    "com.docker.network.bridge.name": bridge,
                    "com.docker.network.bridge.enable_icc": "true",
                },
            )
        )
        return str(made["Id"])

    async def _found_network(self, lab_id: LabId) -> str:
        found = await self._engine.call(lambda client: client.inspect_network(network_name(lab_id)))
        if not belongs(found["Labels"], lab_id, NETWORK):
            raise LabError(f"the network {network_name(lab_id)} is somebody else's")
        return str(found["Id"])


def _make_folder(folder: Path) -> None:
    """The lab's own folder may be entered by the toolbox's root (another user on the host), the one above by nobody."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o711, exist_ok=True)
    folder.chmod(0o711)
