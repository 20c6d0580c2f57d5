"""What the host tells, and that nothing is missed while the engine is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.errors import ContainerNotRunning, ContainerReturns, EngineUnavailable
from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.events import (
    ContainerRemoved,
    ContainerRenamed,
    ContainerStarted,
    ContainerStopped,
    EngineBack,
    EngineGone,
    LabEvent,
)
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.settings import Settings
from tests.sandbox.kit import Make, eventually, reading, sandbox

pytestmark = pytest.mark.engine


@asynccontextmanager
async def heard(host: SandboxHost, lab_id: LabId) -> AsyncIterator[list[LabEvent]]:
    """The events of one lab and of the engine, as they come."""
    events: list[LabEvent] = []

    def listener(event: LabEvent) -> None:
        if isinstance(event, EngineGone | EngineBack) or event.lab_id == lab_id:
            events.append(event)

    stop = host.events.listen(listener)
    yield events
    stop()


async def test_a_containers_life_is_told(host: SandboxHost, lab: Lab, engine: Engine, make: Make) -> None:
    """Started, renamed, stopped, removed: once each and in this order."""
    async with heard(host, lab.id) as events:
        web = await make(lab.id, "web", ports=((8088, 80),))
        await eventually(lambda: len(events) == 1)
        await engine.call(lambda client: client.rename(web, f"lab-{lab.id}.site"))
        await eventually(lambda: len(events) == 2)
        await lab.stop(web)
        await lab.remove(web)
        await eventually(lambda: len(events) == 4)
    started, renamed, *rest = events
    assert isinstance(started, ContainerStarted) and started.container.name == "web"
    assert renamed == ContainerRenamed(lab.id, web, "site")
    assert rest == [ContainerStopped(lab.id, web), ContainerRemoved(lab.id, web)]


async def test_what_a_start_of_the_bot_resumes_is_told_as_that(host: SandboxHost, lab: Lab, make: Make) -> None:
    """A container that goes on after a stop of the bot is no news; its next start is."""
    web = await make(lab.id, "web")
    await lab.stop(web)
    async with heard(host, lab.id) as events:

        def starts() -> list[bool]:
            # The stop before may be told only now, and a stop and a start together: they are not counted.
            return [event.resumed for event in events if isinstance(event, ContainerStarted)]

        await host.resume({lab.id: (web,)})
        await eventually(lambda: starts() == [True])
        await lab.stop(web)
        await lab.start(web)
        await eventually(lambda: starts() == [True, False])


class Relay:
    """A second socket for the engine that a test can take away and bring back: the engine's restart, on the wire."""

    def __init__(self, path: Path, engine: Path) -> None:
        self.path = path
        self._engine = engine
        self._connections: set[asyncio.StreamWriter] = set()

    async def up(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def down(self) -> None:
        self._server.close()
        for writer in tuple(self._connections):
            writer.transport.abort()
        self.path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_unix_connection(self._engine)
        self._connections |= {writer, upstream_writer}
        try:
            with suppress(OSError):
                await asyncio.gather(_copy(reader, upstream_writer), _copy(upstream_reader, writer))
        finally:
            for end in (writer, upstream_writer):
                self._connections.discard(end)
                end.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def test_an_engine_that_goes_and_comes_costs_no_event_and_no_shell(
    settings: Settings, host: SandboxHost, lab_id: LabId, engine: Engine, make: Make, tmp_path: Path
) -> None:
    """While it is away calls fail at once; afterwards the stop that nobody saw is told, and bash is the same one."""
    relay = Relay(tmp_path / "engine.sock", engine.socket_path)
    await relay.up()
    async with sandbox(settings, engine=f"unix://{relay.path}") as remote, heard(remote, lab_id) as events:
        lab = await remote.labs.open(lab_id)
        web = await make(lab_id, "web")
        async with reading(lab) as shell:
            await shell.runs("lunch=gimbap")
            await eventually(lambda: len(events) == 1)
            await relay.down()
            await eventually(lambda: events[-1] == EngineGone())
            assert not remote.engine_answers
            with pytest.raises(EngineUnavailable):
                await asyncio.wait_for(lab.containers(), 2)
            await engine.call(lambda client: client.stop(web, timeout=1))
            await relay.up()
            await eventually(lambda: events[-1] == ContainerStopped(lab_id, web))
            assert events[-2] == EngineBack() and remote.engine_answers
            await eventually(lambda: lab.shell.alive)
            await lab.shell.write(b"echo $lunch\n")
            assert "gimbap" in await shell.sees("\x1b]133;D;")
    await relay.down()


async def test_what_is_not_started_again_because_the_engine_went_away_is_told(
    settings: Settings, host: SandboxHost, lab_id: LabId, engine: Engine, make: Make, tmp_path: Path
) -> None:
    """The start of the bot goes on with it when the engine is back; while it does not run, its page says that."""
    await host.labs.open(lab_id)
    web = await make(lab_id, "web", run=False)
    relay = Relay(tmp_path / "engine.sock", engine.socket_path)
    await relay.up()
    async with sandbox(settings, engine=f"unix://{relay.path}") as remote:
        with pytest.raises(ContainerNotRunning) as known:
            await remote.address(lab_id, web, 80)
        with remote.taking_up(), pytest.raises(ContainerReturns):
            await remote.address(lab_id, web, 80)
        assert type(known.value) is ContainerNotRunning
        await relay.down()
        assert await remote.resume({lab_id: (web,)}) == {lab_id: (web,)}
        await relay.up()
        assert await remote.resume({lab_id: (web,)}) == {}
        assert (await remote.address(lab_id, web, 80)).port == 80
    await relay.down()
