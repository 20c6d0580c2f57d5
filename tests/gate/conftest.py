"""Fixtures: two hand-made labs on a real engine, one on a recording fake."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.tasks import TaskShelf
from deploy.host.temporary import EngineHost
from tests.gate.support import A, B, FakeEngine, HandMadeLab, fake_engine, lab_network, on_engine, opened
from tests.gate.world import World, furnished, work

IMAGES = frozenset({"diamol/base:latest", "diamol/ch02-hello-diamol:latest", "diamol/ch02-hello-diamol-web:latest"})


@pytest.fixture(scope="session")
def lab_networks(engine_host: EngineHost) -> Iterator[dict[str, str]]:
    for image in ("diamol/base", "diamol/ch02-hello-diamol-web"):
        on_engine(engine_host.socket, "pull", "--quiet", image)
    with lab_network(engine_host.socket, A) as first, lab_network(engine_host.socket, B) as second:
        yield {A: first, B: second}


@pytest.fixture
async def lab_a(engine_host: EngineHost, lab_networks: dict[str, str], tmp_path: Path) -> AsyncIterator[HandMadeLab]:
    async with opened(engine_host.socket, A, lab_networks[A], IMAGES, _made(tmp_path / "a")) as lab:
        yield lab
        await lab.emptied()


@pytest.fixture
async def lab_b(engine_host: EngineHost, lab_networks: dict[str, str], tmp_path: Path) -> AsyncIterator[HandMadeLab]:
    async with opened(engine_host.socket, B, lab_networks[B], IMAGES, _made(tmp_path / "b")) as lab:
        yield lab
        await lab.emptied()


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[FakeEngine]:
    async with fake_engine(tmp_path) as engine:
        yield engine


@pytest.fixture
async def lab(fake: FakeEngine, tmp_path: Path) -> AsyncIterator[HandMadeLab]:
    """A lab on the fake engine."""
    async with opened(fake.path, A, "a" * 64, IMAGES, _made(tmp_path / "lab")) as made:
        yield made


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
async def world(
    engine_host: EngineHost, lab_networks: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """One world for all cases: each leaves it as it was, which is what is shown."""
    folders = [tmp_path_factory.mktemp(name) for name in "ab"]
    tasks = TaskShelf()
    async with contextlib.AsyncExitStack() as stack:
        labs = [
            await stack.enter_async_context(opened(engine_host.socket, lab, lab_networks[lab], IMAGES, folder))
            for lab, folder in zip((A, B), folders, strict=True)
        ]
        found = await furnished(engine_host.socket, *labs)
        stack.push_async_callback(tasks.close)
        tasks.start(work(found), name="B at work")
        yield found
        await tasks.close()
        found.engine.ask("DELETE", f"/v1.41/containers/{found.names['TOOLBOX']}?force=1&v=1")
        for lab in labs:
            await lab.emptied()
