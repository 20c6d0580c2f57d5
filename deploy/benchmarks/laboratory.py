"""The two shells that are compared: a lab's, behind its gate, and one in the same image on the engine's own socket."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.names import bridge_names, toolbox_name
from bot.sandbox.stream import EngineStream, hijack
from bot.sandbox.toolbox import ToolboxPlan, configuration
from bot.settings import Settings
from deploy.benchmarks.run import Run
from deploy.benchmarks.typist import Typist, typing

HELLO = "diamol/ch02-hello-diamol"
PLAIN = LabId("0bec0bec00")
"""Names the plain toolbox and its network as if they were a lab's; without a label they are nobody's."""
NETWORK = f"plain-{PLAIN}"


class Shelf:
    """Which images are local for a lab, in memory."""

    def __init__(self) -> None:
        self._kept: dict[LabId, set[str]] = {}

    async def references(self, lab: LabId) -> frozenset[str]:
        return frozenset(self._kept.get(lab, ()))

    async def add(self, lab: LabId, reference: str) -> None:
        self._kept.setdefault(lab, set()).add(reference)

    async def remove(self, lab: LabId, reference: str) -> None:
        self._kept.get(lab, set()).discard(reference)


@asynccontextmanager
async def sandbox(settings: Settings) -> AsyncIterator[SandboxHost]:
    """A sandbox host whose labs may use the lesson's image; its labs are closed afterwards."""
    async with SandboxHost(settings, Shelf(), frozenset({f"{HELLO}:latest"})) as host:
        try:
            yield host
        finally:
            for lab in host.labs.all():
                await host.labs.close(lab.id)


def new_lab_id() -> LabId:
    return LabId(secrets.token_hex(5))


@asynccontextmanager
async def lab_shell(host: SandboxHost) -> AsyncIterator[tuple[Lab, Typist]]:
    """An open lab with its shell at the prompt."""
    lab = await host.labs.open(new_lab_id())
    async with typing(lab.shell.write, lab.shell.output()) as typist:
        yield lab, typist


@dataclass(frozen=True, slots=True)
class PlainShell:
    """bash in the toolbox image, its docker CLI on the engine's own socket."""

    typist: Typist
    container: str


@asynccontextmanager
async def plain_shell(run: Run) -> AsyncIterator[PlainShell]:
    """A container as a lab's toolbox is, but without gate and lab limits; with the network for what it starts."""
    engine = Engine(run.engine.socket)
    try:
        network = await plain_network(engine)
        container = await engine.create(toolbox_name(PLAIN), _configuration(run, network))
        stream = await hijack(engine.socket_path, f"/containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1")
        with closing(stream):
            await engine.start(container)
            await engine.call(lambda client: client.resize(container, 24, 80))
            pid = (await engine.inspect(container))["State"]["Pid"]
            _admit(run.engine.socket, int(pid))
            async with typing(stream.write, _output(stream)) as typist:
                yield PlainShell(typist, container)
        await engine.remove(container)
        await engine.call(lambda client: client.remove_network(network))
    finally:
        await engine.close()


async def plain_network(engine: Engine) -> str:
    """A network as a lab has one: an internal bridge, /28, under the same firewall rules."""
    options = {"com.docker.network.bridge.name": bridge_names(PLAIN)[0]}
    made = await engine.call(
        lambda client: client.create_network(NETWORK, driver="bridge", internal=True, options=options)
    )
    return str(made["Id"])


def _configuration(run: Run, network: str) -> dict[str, object]:
    settings = run.settings("plain")
    plan = ToolboxPlan(
        lab=PLAIN,
        host="",
        image=settings.toolbox_image,
        runtime=settings.runtime,
        network=network,
        socket_folder=run.engine.socket.parent,
        cgroup_parent="",
        memory=settings.lab_memory_mib * 2**20,
        pids=settings.container_pids,
    )
    return configuration(plan) | {"Labels": {}}


def _admit(engine_socket: Path, pid: int) -> None:
    """Let this container's root (an ordinary user of the host) use the engine's socket. Nobody else has it mounted."""
    outside = int(Path(f"/proc/{pid}/uid_map").read_text().split()[1])
    os.chown(engine_socket, outside, -1)


async def _output(stream: EngineStream) -> AsyncIterator[bytes]:
    while data := await stream.read():
        yield data
