"""The whole bot in this process, on its own state folder and port: started, reached over HTTP alone, stopped."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.app import run
from bot.guard.owner import LAB_LABEL
from bot.sandbox.cgroups import Cgroups
from bot.sandbox.engine import Engine
from bot.sandbox.host import SandboxHost
from bot.settings import Settings
from deploy.host.temporary import EngineHost
from tests.chatclient import Member
from tests.e2e.visitor import Visitor

START_SECONDS = 10.0
STOP_SECONDS = 10.0
"""What the bot promises for its stop; its start is faster, but shares two cores with everything else."""


def settings_for(engine_host: EngineHost, state: Path, **changes: object) -> Settings:
    """The bot's settings on the session's engine, with a free port of its own."""
    namespace = engine_host.network_namespace
    return Settings(
        state=state,
        engine=f"unix://{engine_host.socket}",
        network_namespace=str(namespace) if namespace else None,
        cgroup=engine_host.cgroup,
        listen=f"127.0.0.1:{_free_port()}",
    ).model_copy(update=changes)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class House:
    """A state folder and the bot that lives in it; `running()` again is a restart."""

    settings: Settings

    @property
    def url(self) -> str:
        return f"http://{self.settings.listen}"

    def member(self, user: int, **place: int) -> Member:
        return Member(self.url, user, **place)

    def visitor(self) -> Visitor:
        """A browser that opens published pages."""
        return Visitor(self.settings.listen_port)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The bot, from its first answer to its clean stop; what ends it too early is raised here."""
        with within_limits():
            bot = asyncio.get_running_loop().create_task(run(self.settings), name="the whole bot")
            try:
                await self._answers(bot)
                yield
            finally:
                bot.cancel()
                async with asyncio.timeout(STOP_SECONDS):
                    with suppress(asyncio.CancelledError):
                        await bot
        await self._nothing_runs()

    async def _answers(self, bot: asyncio.Task[None]) -> None:
        async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as http:
            while not bot.done():
                with suppress(aiohttp.ClientConnectionError):
                    async with http.get(self.url):
                        return
                await asyncio.sleep(0.02)
        await bot

    async def _nothing_runs(self) -> None:
        """A stopped bot holds neither memory nor processor: its labs are kept, but nothing of them runs."""
        async with _engine(self.settings) as engine:
            running = await engine.call(lambda client: client.containers(filters={"label": LAB_LABEL}))
        assert not [one["Names"] for one in running]


@contextmanager
def within_limits() -> Iterator[None]:
    """The local server, whose limits are on, refuses the bot nothing: it keeps Telegram's pace by itself."""
    refusals: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: refusals.append(record.getMessage())  # type: ignore[method-assign]
    server = logging.getLogger("bot.localchat.limits")
    server.addHandler(listener)
    try:
        yield
    finally:
        server.removeHandler(listener)
    assert not refusals


@asynccontextmanager
async def house(engine_host: EngineHost, **changes: object) -> AsyncIterator[House]:
    """A house for a test; afterwards its labs are swept as those of a lost state folder, and nothing may be left."""
    # Not pytest's folder: a unix socket's path has at most 107 bytes.
    state = Path(tempfile.mkdtemp(prefix="e2e-"))
    place = House(settings_for(engine_host, state, **changes))
    try:
        yield place
    finally:
        await _sweep(place)
        shutil.rmtree(state)


async def _sweep(place: House) -> None:
    async with SandboxHost(place.settings, _NoImages(), frozenset()) as host:
        await host.labs.sweep(())
        await host.stop_all()
    assert not await left_of(place)


async def left_of(place: House) -> list[str]:
    """Whatever the engine, the kernel and the state folder still have of any lab."""
    labels = {"label": LAB_LABEL}
    async with _engine(place.settings) as engine:
        containers = await engine.call(lambda client: client.containers(all=True, filters=labels))
        networks = await engine.call(lambda client: client.networks(filters=labels))
        volumes = await engine.call(lambda client: client.volumes(filters=labels))
    folder = place.settings.state / "labs"
    traces = [*containers, *networks, *(volumes["Volumes"] or []), *Cgroups(place.settings.cgroup).found()]
    return [str(one) for one in (*traces, *(folder.iterdir() if folder.is_dir() else ()))]


@asynccontextmanager
async def _engine(settings: Settings) -> AsyncIterator[Engine]:
    engine = Engine(Path(settings.engine.removeprefix("unix://")))
    yield engine
    await engine.close()


class _NoImages:
    """An image shelf for who only removes."""

    async def references(self, lab: str) -> frozenset[str]:
        return frozenset()

    async def add(self, lab: str, reference: str) -> None:
        raise AssertionError("nobody pulls here")

    async def remove(self, lab: str, reference: str) -> None:
        raise AssertionError("nobody pulls here")
