"""An open lab: its shell, its ports, its learner's containers, and scripts beside the shell."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from bot.errors import EngineConflict
from bot.identity import LabId
from bot.sandbox.containers import Containers
from bot.sandbox.engine import Engine
from bot.sandbox.namespace import NetworkNamespace
from bot.sandbox.ports import PortForwards
from bot.sandbox.script import ScriptResult, Scripts
from bot.sandbox.shell import Shell
from bot.sandbox.summary import ContainerSummary
from bot.sandbox.toolbox import Toolbox

SCRIPT_SECONDS = 20.0
"""A check looks at a handful of containers; what takes longer hangs."""

UNTIL_READ = (0.05, 0.2, 1.0)
"""Seconds that the shell may need to read that bash has ended, which the engine knows before; then it starts again."""

LOG_LINES = 200
"""About what fits into a few messages; the terminal shows the rest."""


class LabGate(Protocol):
    """What a lab needs of its gate."""

    async def start(self, socket_path: Path) -> None: ...

    async def close(self) -> None: ...


class Lab:
    """One open lab. Container ids are the engine's full ones; another lab's are EngineNotFound."""

    def __init__(
        self, lab_id: LabId, engine: Engine, toolbox: Toolbox, gate: LabGate, namespace: NetworkNamespace
    ) -> None:
        self.id = lab_id
        self._engine = engine
        self._toolbox = toolbox
        self._gate = gate
        self._containers = Containers(engine, lab_id)
        self.ports = PortForwards(self._containers, inside=toolbox.inside, outside=namespace)
        self._scripts = Scripts(engine, toolbox.id)
        self.shell = Shell(engine, toolbox, scripts=self._scripts, attached=self.ports.renew)

    async def open(self) -> None:
        """Attach the shell and open the ports of what runs. Raises EngineNotFound when the toolbox was removed."""
        await self.shell.open()

    async def run_script(
        self, script: str, *, environment: Mapping[str, str] | None = None, timeout: float = SCRIPT_SECONDS
    ) -> ScriptResult:
        """Run `script` with bash in the toolbox, without a terminal; one that takes too long ends with 124."""
        for pause in UNTIL_READ:
            try:
                return await self._run_script(script, environment or {}, timeout)
            except EngineConflict:  # bash has just ended
                await asyncio.sleep(pause)
        return await self._run_script(script, environment or {}, timeout)

    async def _run_script(self, script: str, environment: Mapping[str, str], timeout: float) -> ScriptResult:
        await self.open()
        return await self._scripts.run(script, environment=environment, timeout=timeout)

    async def containers(self) -> tuple[ContainerSummary, ...]:
        """The learner's containers, newest first."""
        return await self._containers.all()

    async def logs(self, container_id: str, tail: int = LOG_LINES) -> bytes:
        """The last lines that a container wrote."""
        return await self._containers.logs(container_id, tail)

    async def start(self, container_id: str) -> None:
        """Start a container and open its ports. Raises PortTaken."""
        await self._containers.start(container_id)
        await self.ports.ensure(container_id)

    async def stop(self, container_id: str) -> None:
        await self._containers.stop(container_id)

    async def remove(self, container_id: str) -> None:
        """Remove a container, running or not."""
        await self._containers.remove(container_id)

    async def remove_all(self) -> int:
        """Remove all of the learner's containers; how many there were."""
        return await self._containers.remove_all()

    @property
    def learner(self) -> Containers:
        """The learner's containers with all that can be asked of them."""
        return self._containers

    async def let_go(self) -> None:
        """Close what the bot holds of the lab; on the engine nothing changes."""
        self._scripts.close()
        await asyncio.gather(self._gate.close(), self.shell.close(), self.ports.close())
