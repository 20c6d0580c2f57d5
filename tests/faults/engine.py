"""An engine that a test takes away and gives back, as the launcher would."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.host.engine import Engine, dockerd_daemon
from deploy.host.engine_api import answers
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

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """dockerd accepts connections, and nothing else."""
        pid = dockerd_daemon(self._engine.places).pid()
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @contextmanager
    def without_registry(self) -> Iterator[None]:
        """Nothing answers at the registry's address."""
        registry = registry_daemon(self._engine.places)
        registry.stop(grace=1.0)
        try:
            yield
        finally:
            registry.start()
