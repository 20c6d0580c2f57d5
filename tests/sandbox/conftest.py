"""A sandbox host on the private engine, labs that are gone after each test, containers as the gate makes them."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.identity import LabId
from bot.sandbox import names
from bot.sandbox.engine import Engine
from bot.sandbox.host import SandboxHost
from bot.sandbox.hostid import host_id
from bot.sandbox.lab import Lab
from bot.settings import Settings
from tests.sandbox.kit import BASE, WEB, Make, sandbox


@pytest.fixture(scope="session")
def settings(engine_host: Any) -> Settings:
    """The bot's settings on the private engine."""
    return Settings(
        state=engine_host.state / "bot",
        engine=f"unix://{engine_host.socket}",
        network_namespace=str(engine_host.network_namespace) if engine_host.network_namespace else None,
        cgroup=engine_host.cgroup,
    )


@pytest.fixture(scope="session")
async def engine(settings: Settings) -> AsyncIterator[Engine]:
    """The engine itself, for what a learner's container is made with and for looking behind the labs."""
    engine = Engine(Path(settings.engine.removeprefix("unix://")), host_id(settings.state))
    for image in (BASE, WEB):
        await engine.call(lambda client, image=image: client.pull(image, tag="latest"))
    yield engine
    await engine.close()


@pytest.fixture(scope="session")
async def host(settings: Settings, engine: Engine) -> AsyncIterator[SandboxHost]:
    """One sandbox host for all tests that do not need one of their own."""
    async with sandbox(settings) as host:
        yield host


@pytest.fixture
async def lab_id(host: SandboxHost) -> AsyncIterator[LabId]:
    """A lab id of the test's own; whatever it leaves is removed."""
    lab_id = LabId(secrets.token_hex(5))
    yield lab_id
    await host.labs.close(lab_id)


@pytest.fixture
async def lab(host: SandboxHost, lab_id: LabId) -> Lab:
    """An open lab."""
    return await host.labs.open(lab_id)


@pytest.fixture
def make(engine: Engine) -> Make:
    """Create a learner's container as the gate does: labelled, in the lab's network. Gives its id; `run` starts it."""

    async def made(
        lab_id: LabId, name: str, *, image: str = WEB, ports: tuple[tuple[int, int], ...] = (), run: bool = True
    ) -> str:
        noted = [{"host": host, "container": container, "protocol": "tcp"} for host, container in ports]
        labels = names.labels(lab_id, "learner", engine.host) | {"dosirak.ports": json.dumps(noted)}
        network = names.network_name(lab_id)
        body = {"Image": image, "Labels": labels, "OpenStdin": True, "HostConfig": {"NetworkMode": network}}
        container = await engine.create(f"lab-{lab_id}.{name}", body)
        if run:
            await engine.start(container)
        return container

    return made
