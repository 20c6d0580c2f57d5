"""The engine's API: docker-py in threads, its errors translated in one place."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing, nullcontext
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from docker import APIClient

from bot.errors import EngineConflict, EngineError, EngineNotFound, EngineTimeout
from bot.identity import LabId
from bot.sandbox.answers import translated
from bot.sandbox.longpaths import reachable
from bot.sandbox.stream import API_VERSION, done, objects
from bot.sandbox.transport import EngineAdapter
from bot.sandbox.turns import Turns

Result = TypeVar("Result")

THREADS = 16
"""Most calls take a few milliseconds; what may take long (starts, ends, questions about a container) needs none."""

STARTS_PER_CORE = 2
"""More starts in flight only add latency: throughput is flat from two per core on."""

CALL_SECONDS = 15.0
"""Longest wait for one answer; a start takes 0.3 s, under heavy load a few seconds. A learner waits as long for the
word that the engine hangs."""

RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Between attempts to reach an engine that is away; the last one repeats."""


def retry_pause(attempt: int) -> float:
    """Seconds to wait after this many vain attempts before it."""
    return RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]


class Engine:
    """One engine, by its Unix socket. Every method may raise EngineError or one of its kinds."""

    def __init__(self, socket_path: Path, host: str = "") -> None:
        """`host` is this bot's own word, in the labels of whatever it makes; empty: every bot's labs are looked at."""
        self.host = host
        self._reach = ExitStack()
        self.socket_path = Path(self._reach.enter_context(reachable(socket_path.absolute())))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="engine")
        self._client = APIClient(f"unix://{self.socket_path}", version=API_VERSION, timeout=int(CALL_SECONDS))
        self._client.mount("http+docker://", EngineAdapter(self.socket_path, int(CALL_SECONDS), THREADS))
        # Proxies and passwords of the bot's environment have no business on the engine's socket.
        self._client.trust_env = False
        self.turns = Turns(STARTS_PER_CORE * (os.cpu_count() or 1))

    async def call(self, work: Callable[[APIClient], Result]) -> Result:
        """Run one docker-py call in a thread: `await engine.call(lambda client: client.info())`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._translated, work)

    def _translated(self, work: Callable[[APIClient], Result]) -> Result:
        with translated():
            return work(self._client)

    async def inspect(self, container_id: str, seconds: float = CALL_SECONDS) -> dict[str, Any]:
        """A container's whole description.

        No thread waits for it: the engine says nothing about a container while it holds that container's lock, which a
        learner may cause, and the threads are everybody's.
        """
        try:
            async with (
                asyncio.timeout(seconds),
                aclosing(objects(self.socket_path, f"{_path(container_id)}/json")) as answer,
            ):
                async for found in answer:
                    if found is not None:
                        return found
        except TimeoutError:
            raise EngineTimeout(f"the engine does not answer about {container_id[:12]}") from None
        raise EngineError("the engine's answer is empty")

    async def create(self, name: str, body: dict[str, Any]) -> str:
        """Create a container from the whole body of the call; its id."""
        made = await self.call(
            # types-docker leaves this one method untyped.
            lambda client: client.create_container_from_config(body, name)  # type: ignore[no-untyped-call]
        )
        return str(made["Id"])

    async def start(self, container_id: str, lab: LabId | None = None) -> None:
        """Start a container (`lab`: a learner's of that lab) when it is its turn; one that runs already is fine."""
        async with self.turns.lab(lab) if lab else nullcontext(), self.turns.start():
            await self._done("POST", f"{_path(container_id)}/start", CALL_SECONDS)

    async def stop(self, container_id: str, seconds: int) -> None:
        """Stop a container, with so much time to end by itself; one that does not run is fine.

        No thread waits for it, as with `inspect`. Without that time it is for the others' sake, and waits for no turn.
        """
        async with self.turns.end() if seconds else nullcontext():
            await self._done("POST", f"{_path(container_id)}/stop?t={seconds}", CALL_SECONDS + seconds)

    async def remove(self, container_id: str) -> bool:
        """Remove a container, running or not; False when it was gone or going already. No thread waits for it."""
        try:
            async with self.turns.end():
                await self._done("DELETE", f"{_path(container_id)}?force=1&v=1", CALL_SECONDS)
        except (EngineNotFound, EngineConflict):
            return False
        return True

    async def _done(self, method: str, path: str, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await done(self.socket_path, method, path)
        except TimeoutError:
            raise EngineTimeout("the engine did not answer in time") from None

    async def close(self) -> None:
        """Wait for calls under way and give the connections back."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._client.close()
        self._reach.close()


def _path(container_id: str) -> str:
    return f"/containers/{quote(container_id, safe='')}"
