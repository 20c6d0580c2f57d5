"""Whose call it is: the lab, its network and what it may use."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.identity import LabId

LAB_LABEL = "dosirak.lab"
"""On every object of a lab; forced at create and immutable, so it is the authority for ownership."""
HOST_LABEL = "dosirak.host"
"""Which bot made it: several may share an engine, and each looks after its own labs only."""
ROLE_LABEL = "dosirak.role"
"""`learner` objects are the lab's to see and touch; every other role is invisible through the gate."""
LEARNER = "learner"
NETWORK = "network"
PORTS_LABEL = "dosirak.ports"
"""JSON list of the virtual ports: {"host", "container", "protocol"} and "ip" where the learner named one."""
PUBLISH_ALL_LABEL = "dosirak.publish"
EXPOSED_LABEL = "dosirak.exposed"
"""The exposed ports (`80/tcp 90/udp`): on an internal network the engine lists none."""
IMAGE_LABEL = "dosirak.image"
"""The image's name as the learner wrote it; the engine is given the id."""
RESTARTS_LABEL = "dosirak.restarts"
"""On a container that the engine may start again by itself."""
ANONYMOUS_LABEL = "dosirak.anonymous"
WRITTEN_LABEL = "dosirak.written"
"""`bind` on a mount that was asked for with `-v`, so that inspect shows it where the learner put it."""
RESERVED_LABELS = "dosirak."


@dataclass(frozen=True, slots=True)
class Limits:
    """What a lab may use. Memory in bytes; `cpus` in processors."""

    container_memory: int = 128 * 1024 * 1024
    container_pids: int = 96
    cpus: float = 1.0
    containers: int = 12
    """A lab's /28 network has 13 usable addresses, and the toolbox takes one."""
    restarting: int = 2
    """Containers with a restart policy: at each start the engine reads files of the container, as large as a learner
    makes them, and those that fail together it starts together."""
    networks: int = 3
    volumes: int = 16
    execs: int = 16
    """Live execs in one container; each is a process tree of its own."""
    streams: int = 16
    """Attached terminals, followed logs, stats and events at a time."""
    connections: int = 64


@dataclass(frozen=True, slots=True)
class Owner:
    """The lab on whose socket a call arrived. `network` is the full id of the lab's own network."""

    lab: LabId
    network: str
    cgroup_parent: str
    images: frozenset[str]
    """References (`repository:tag`, in Docker's familiar form) that this lab may pull."""
    limits: Limits = field(default_factory=Limits)
    runtime: str = "runc"
    host: str = ""
    """The bot's own word, as `HOST_LABEL` has it; empty: the label is left out."""

    @property
    def prefix(self) -> str:
        """What the engine's names of this lab's objects begin with."""
        return f"lab-{self.lab}."

    def labels(self) -> dict[str, str]:
        """The labels that make a new object this lab's."""
        return {LAB_LABEL: self.lab, ROLE_LABEL: LEARNER} | ({HOST_LABEL: self.host} if self.host else {})

    def has(self, labels: object) -> bool:
        """Whether an object with these labels is this lab's to see."""
        return isinstance(labels, dict) and labels.get(LAB_LABEL) == self.lab and labels.get(ROLE_LABEL) == LEARNER

    def virtual(self, name: str) -> str:
        """The name that the learner knows an object by, from the engine's."""
        return name.removeprefix("/").removeprefix(self.prefix)
