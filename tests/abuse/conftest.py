"""A host with the limits that it has by default, and two labs on it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.settings import Settings
from deploy.host.temporary import EngineHost
from tests.abuse.kit import BASE, ok
from tests.sandbox.kit import sandbox


@pytest.fixture(scope="session")
def settings(engine_host: EngineHost) -> Settings:
    """Everything as an operator gets it."""
    return Settings(
        state=engine_host.state / "abused",
        engine=f"unix://{engine_host.socket}",
        network_namespace=str(engine_host.network_namespace),
        cgroup=engine_host.cgroup,
    )


@pytest.fixture(scope="session")
async def engine(settings: Settings) -> AsyncIterator[Engine]:
    """The engine itself, for looking behind the labs."""
    engine = Engine(Path(settings.engine.removeprefix("unix://")))
    await engine.call(lambda client: client.pull(BASE, tag="latest"))
    yield engine
    await engine.close()


@pytest.fixture(scope="session")
async def host(settings: Settings, engine: Engine) -> AsyncIterator[SandboxHost]:
    async with sandbox(settings) as host:
        yield host


@pytest.fixture
async def lab_a(host: SandboxHost) -> AsyncIterator[Lab]:
    """The one that misbehaves."""
    lab = await host.labs.open(LabId(secrets.token_hex(5)))
    await ok(lab, f"pull --quiet {BASE}")
    yield lab
    await host.labs.close(lab.id)


@pytest.fixture
async def lab_b(host: SandboxHost) -> AsyncIterator[Lab]:
    """The one that works."""
    lab = await host.labs.open(LabId(secrets.token_hex(5)))
    yield lab
    await host.labs.close(lab.id)
