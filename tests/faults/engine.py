"""An engine that a test takes away and gives back, as the launcher would."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from deploy.host.engine import Engine, dockerd_daemon
from deploy.host.engine_api import answers, ask
from deploy.host.places import Places
from deploy.host.registry import registry_daemon
from deploy.host.temporary import EngineHost


class FragileEngine:
    """The daemons of a temporary engine."""

    def __init__(self, host: EngineHost) -> None:
        self._engine = Engine(Places.of(host.state))

    def die(self) -> None:
        """dockerd is gone at once, its containers are not."""
        pid = dockerd_daemon(self._engine.places).pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        dockerd_daemon(self._engine.places).stop(grace=0)

    async def come_back(self) -> None:
        """What died is started again, as the launcher does it; returns when the engine answers."""
        self._engine.keep()
        while not answers(self._engine.socket):  # noqa: ASYNC110 - the engine tells nobody
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def hanging(self) -> AsyncIterator[None]:
        """dockerd accepts connections, and nothing else."""
        pid = dockerd_daemon(self._engine.places).pid()
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        while not _stands_still(pid):  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.01)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def forget_image(self, reference: str) -> None:
        """Untag an image, so that the next run pulls it."""
        ask(self._engine.socket, "DELETE", f"/v1.41/images/{reference}?force=true")

    @contextmanager
    def without_registry(self) -> Iterator[None]:
        """Nothing answers at the registry's address."""
        registry = registry_daemon(self._engine.places)
        registry.stop(grace=1.0)
        try:
            yield
        finally:
            registry.start()


def _stands_still(pid: int) -> bool:
    """Whether each thread has got the signal (proc(5): state `T`)."""
    states = (path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat"))
    return set(states) == {"T"}
