"""The toolbox: the lab's own container with bash and the docker CLI, and what it is forced to be."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import EngineConflict, EngineNotFound, LabClosed
from bot.guard.forced import CAPABILITIES, DNS_OPTIONS, NO_DNS, ulimits
from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.names import HOME, TOOLBOX, belongs, home_name, labels, toolbox_name
from bot.sandbox.namespace import NetworkNamespace, namespace_of

SOCKET_TARGET = "/run/dosirak"
"""Where the lab's socket folder is inside; the image's /var/run/docker.sock points into it."""

OOM_SCORE = 100
"""Above the host's own services (0), below the learner's containers (500): when a lab is out of memory its containers
go first, so that there is a shell to look with, and room to start one."""


@dataclass(frozen=True, slots=True)
class ToolboxPlan:
    """What a lab's toolbox is made of. Memory in bytes; `socket_folder` is absolute."""

    lab: LabId
    image: str
    runtime: str
    network: str
    socket_folder: Path
    cgroup_parent: str
    memory: int
    pids: int
    host: str
    """The bot's own word, for the labels."""


@dataclass(frozen=True, slots=True)
class ToolboxState:
    """How it is now; `pid` is its PID 1 as the host numbers it, 0 when it does not run."""

    running: bool
    exit_code: int
    pid: int


class Toolbox:
    """A lab's toolbox on the engine."""

    def __init__(self, engine: Engine, container_id: str) -> None:
        self._engine = engine
        self.id = container_id

    async def state(self) -> ToolboxState:
        """Raises EngineNotFound when somebody removed it."""
        return _state(await self._engine.inspect(self.id))

    async def inside(self) -> AbstractContextManager[NetworkNamespace]:
        """Its network namespace, for making sockets in. Raises LabClosed when it does not run."""
        state = await self.state()
        if not state.running:
            raise LabClosed("the toolbox does not run")
        return namespace_of(state.pid, self.id)


async def made_or_found(engine: Engine, plan: ToolboxPlan) -> Toolbox:
    """The toolbox of an earlier run when it still fits the plan, else a new one, created but not started."""
    name = toolbox_name(plan.lab)
    try:
        found = await engine.inspect(name)
    except EngineNotFound:
        return await _made(engine, plan)
    if _fits(found, plan):
        return Toolbox(engine, found["Id"])
    await engine.remove(found["Id"])
    return await _made(engine, plan)


async def _made(engine: Engine, plan: ToolboxPlan) -> Toolbox:
    name = toolbox_name(plan.lab)
    body = configuration(plan)
    try:
        return Toolbox(engine, await engine.create(name, body))
    except EngineConflict:
        # A removal under way holds the name for a moment; the engine answers a second one when it is done.
        await engine.remove(name)
        return Toolbox(engine, await engine.create(name, body))


def _fits(found: dict[str, Any], plan: ToolboxPlan) -> bool:
    """Whether it is ours and sees the socket folder that we use now (a deleted and remade folder is another one)."""
    if not belongs(found["Config"]["Labels"], plan.lab, TOOLBOX) or found["State"]["Status"] in ("removing", "dead"):
        return False
    sources = {mount["Destination"]: mount.get("Source") for mount in found["Mounts"]}
    if sources.get(SOCKET_TARGET) != str(plan.socket_folder) or found["HostConfig"]["NetworkMode"] != plan.network:
        return False
    state = _state(found)
    if not state.running:
        return True
    try:
        return Path(f"/proc/{state.pid}/root{SOCKET_TARGET}").samefile(plan.socket_folder)
    except OSError:
        return False


def _state(found: dict[str, Any]) -> ToolboxState:
    state = found["State"]
    return ToolboxState(bool(state["Running"]), int(state["ExitCode"]), int(state["Pid"]))


def configuration(plan: ToolboxPlan) -> dict[str, Any]:
    """The whole body of the create call; the image says which command runs and with which environment."""
    return {
        "Image": plan.image,
        "Hostname": "lab",
        "Tty": True,
        "OpenStdin": True,
        "StdinOnce": False,
        "Labels": labels(plan.lab, TOOLBOX, plan.host),
        "HostConfig": _host_configuration(plan),
    }


def _host_configuration(plan: ToolboxPlan) -> dict[str, Any]:
    return {
        "Privileged": False,
        "CapDrop": ["ALL"],
        "CapAdd": list(CAPABILITIES),
        "SecurityOpt": ["no-new-privileges:true"],
        "CgroupParent": plan.cgroup_parent,
        "CgroupnsMode": "private",
        "IpcMode": "private",
        "Memory": plan.memory,
        "MemorySwap": plan.memory,
        "OomScoreAdj": OOM_SCORE,
        "PidsLimit": plan.pids,
        "ShmSize": 16 * 2**20,
        "Ulimits": ulimits(),
        "NetworkMode": plan.network,
        "Dns": [NO_DNS],
        "DnsOptions": list(DNS_OPTIONS),
        "RestartPolicy": {"Name": "no"},
        # The terminal's bytes go to the chat; kept on disk they would only fill it.
        "LogConfig": {"Type": "none"},
        "Runtime": plan.runtime,
        "Mounts": [
            {
                "Type": "volume",
                "Source": home_name(plan.lab),
                "Target": "/root",
                "VolumeOptions": {"Labels": labels(plan.lab, HOME, plan.host)},
            },
            {"Type": "bind", "Source": str(plan.socket_folder), "Target": SOCKET_TARGET, "ReadOnly": True},
        ],
    }
