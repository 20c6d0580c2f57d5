"""A container whose lock the engine holds, so that it says nothing about it: nobody else notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.errors import EngineNotFound, EngineTimeout
from bot.sandbox import engine as engine_module
from bot.sandbox import holdings, names
from bot.sandbox.cgroups import Cgroups
from bot.sandbox.engine import THREADS, Engine
from bot.sandbox.events import ContainerStarted, EngineGone, Events, LabEvent
from bot.sandbox.holdings import Inventory
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.stopping import stop_at_once
from bot.sandbox.turns import ENDS
from bot.sandbox.watch import AGAIN_SECONDS, LOOK_LIMIT, Watch
from bot.settings import Settings
from bot.tasks import TaskShelf
from tests.sandbox.kit import SECONDS, WEB, Make, eventually

pytestmark = pytest.mark.engine

FILL = "head -c 33554432 /dev/zero > /big"


async def in_container(engine: Engine, container_id: str, script: str) -> None:
    made = await engine.call(lambda client: client.exec_create(container_id, ["sh", "-c", script]))
    await engine.call(lambda client: client.exec_start(made["Id"]))


@asynccontextmanager
async def silenced(lab: Lab, engine: Engine, settings: Settings) -> AsyncIterator[str]:
    """A running container that the engine cannot be asked about: an archive of it is on its way to nobody."""
    body = {
        "Image": WEB,
        "Labels": names.labels(lab.id, "learner", engine.host),
        "HostConfig": {"NetworkMode": "none", "CgroupParent": Cgroups(settings.cgroup).path(lab.id)},
    }
    container_id = await engine.create(f"lab-{lab.id}.silent", body)
    await engine.start(container_id)
    await in_container(engine, container_id, FILL)
    reader, writer = await asyncio.open_unix_connection(engine.socket_path, limit=1024)
    writer.write(f"GET /v1.41/containers/{container_id}/archive?path=/big HTTP/1.1\r\nHost: d\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")  # From here on the engine holds its lock.
    yield container_id
    writer.transport.abort()
    async with asyncio.timeout(SECONDS):
        while not await _answers(engine, container_id):  # noqa: ASYNC110 - the engine tells nobody
            await asyncio.sleep(0.05)


@pytest.fixture
async def silent(lab: Lab, engine: Engine, settings: Settings) -> AsyncIterator[str]:
    async with silenced(lab, engine, settings) as container_id:
        yield container_id


async def _answers(engine: Engine, container_id: str) -> bool:
    try:
        await engine.inspect(container_id, 0.3)
    except EngineTimeout:
        return False
    except EngineNotFound:
        pass  # A test has removed it.
    return True


async def test_questions_about_it_hold_no_thread(engine: Engine, silent: str) -> None:
    """As many as there are threads, and twice as many: the engine's other calls are answered at once."""
    tasks = TaskShelf()
    questions = [tasks.start(engine.inspect(silent, 600.0), name="a question") for _ in range(2 * THREADS)]
    await asyncio.sleep(0.2)
    await engine.call(lambda client: client.ping())
    assert not any(question.done() for question in questions)
    await tasks.close()


async def test_ends_of_it_hold_no_thread_and_no_turn(
    engine: Engine, lab: Lab, silent: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stops, then removals, more than there are threads and turns: other calls are answered, other containers end."""
    monkeypatch.setattr(engine_module, "CALL_SECONDS", 600.0)
    other = await make(lab.id, "other", run=False)
    tasks = TaskShelf()
    many = range(max(THREADS, ENDS))
    stops = [tasks.start(engine.stop(silent, 1), name="a stop") for _ in many]
    for _ in many:
        tasks.start(engine.remove(silent), name="a removal")
    await asyncio.sleep(0.2)
    await engine.call(lambda client: client.ping())
    assert await engine.remove(other)
    assert not any(stop.done() for stop in stops)
    await tasks.close()


async def test_the_news_of_others_is_told_and_the_engine_is_here(
    engine: Engine, lab: Lab, silent: str, make: Make
) -> None:
    """The watch arrives while it is silent; what starts then is told at once, and it itself when it speaks again."""
    heard: list[LabEvent] = []
    events = Events()
    events.listen(heard.append)
    watch, tasks = Watch(engine, events), TaskShelf()
    tasks.start(watch.run(), name="watch")
    async with asyncio.timeout(LOOK_LIMIT + 5):
        await watch.ready.wait()
    other = await make(lab.id, "other")
    await eventually(lambda: any(isinstance(item, ContainerStarted) and item.container.id == other for item in heard))
    await asyncio.sleep(LOOK_LIMIT + AGAIN_SECONDS)
    assert watch.engine_answers and not any(isinstance(item, EngineGone) for item in heard)
    await tasks.close()


async def test_the_disk_is_watched_and_what_fills_it_is_stopped(
    engine: Engine, settings: Settings, lab: Lab, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else there is is measured while it is silent, and it is ended without the engine."""
    monkeypatch.setattr(holdings, "AGAIN_SECONDS", 600.0)
    inventory = Inventory(engine)
    found = await inventory.labs([lab.id])
    assert len(found[lab.id].containers[silent].folders) == 1  # its logs; the layer is not known yet
    monkeypatch.setattr(holdings, "LAYER_SECONDS", 600.0)
    async with asyncio.timeout(SECONDS):  # It is not waited for again at once.
        await inventory.labs([lab.id])
    cgroups = Cgroups(settings.cgroup)
    assert cgroups.processes(lab.id)[silent]
    await stop_at_once(engine, cgroups, lab.id, silent)
    await eventually(lambda: not cgroups.processes(lab.id).get(silent))


async def test_its_lab_is_known_to_be_half_closed_and_then_counted_as_a_whole(
    host: SandboxHost, engine: Engine, settings: Settings, lab: Lab, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other container goes at the attempt that breaks off; the one that ends the lab counts both."""
    other = await make(lab.id, "other", run=False)
    async with silenced(lab, engine, settings) as silent:
        with monkeypatch.context() as short:
            short.setattr(engine_module, "CALL_SECONDS", 1.0)
            with pytest.raises(EngineTimeout):
                await host.labs.close(lab.id)
        with pytest.raises(EngineNotFound):
            await engine.inspect(other)
        assert lab.id in host.labs.broken_off
    with pytest.raises(EngineNotFound):  # The engine has gone on by itself.
        async with asyncio.timeout(10):
            while await engine.inspect(silent):  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.05)
    assert (await host.labs.close(lab.id)).containers == 2
    assert lab.id not in host.labs.broken_off
