"""The engine's API: docker-py in threads, its errors translated in one place."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import docker.errors
import h11
import requests.exceptions
from docker import APIClient

from bot.errors import EngineConflict, EngineError, EngineNotFound, EngineTimeout, EngineUnavailable
from bot.identity import LabId
from bot.sandbox.longpaths import reachable
from bot.sandbox.transport import EngineAdapter
from bot.sandbox.turns import Turns

Result = TypeVar("Result")

API_VERSION = "1.41"
"""Pinned: what Debian's 20.10.24 speaks, and every later engine still does."""

THREADS = 16
"""Most calls take a few milliseconds; starts have their own bound below, so they never fill the pool."""

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

    async def inspect(self, container_id: str) -> dict[str, Any]:
        """A container's whole description."""
        found: dict[str, Any] = await self.call(lambda client: client.inspect_container(container_id))
        return found

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
            await self.call(lambda client: client.start(container_id))

    async def remove(self, container_id: str) -> bool:
        """Remove a container, running or not; False when it was gone or going already."""
        try:
            await self.call(lambda client: client.remove_container(container_id, force=True, v=True))
        except (EngineNotFound, EngineConflict):
            return False
        return True

    async def close(self) -> None:
        """Wait for calls under way and give the connections back."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._client.close()
        self._reach.close()


def refusal(status: int, message: str) -> EngineError:
    """The error for an HTTP status that the engine answered."""
    kinds: dict[int, type[EngineError]] = {404: EngineNotFound, 409: EngineConflict}
    return kinds.get(status, EngineError)(message, status)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what docker-py, requests, h11 and the socket raise into EngineError, most specific first."""
    try:
        yield
    except docker.errors.APIError as error:
        raise refusal(error.status_code or 500, error.explanation or str(error)) from error
    except requests.exceptions.Timeout as error:
        raise EngineTimeout("the engine did not answer in time") from error
    except (docker.errors.DockerException, docker.errors.StreamParseError, h11.RemoteProtocolError) as error:
        raise EngineError(str(error)) from error
    except (requests.exceptions.RequestException, OSError) as error:
        raise EngineUnavailable(f"no answer at the engine's socket ({_reason(error)})") from error


def _reason(error: BaseException) -> str:
    """The innermost error's words: requests wraps the system's own in two layers of its names."""
    inner = error
    while inner.__context__ is not None:
        inner = inner.__context__
    return getattr(inner, "strerror", None) or str(inner)
