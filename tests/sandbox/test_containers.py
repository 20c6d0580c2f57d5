"""The learner's containers as cards see and change them."""

from __future__ import annotations

import pytest

from bot.errors import EngineNotFound
from bot.sandbox.engine import Engine
from bot.sandbox.lab import Lab
from bot.sandbox.names import toolbox_name
from bot.sandbox.summary import PublishedPort
from tests.sandbox.kit import BASE, Make

pytestmark = pytest.mark.engine


async def test_a_card_has_the_virtual_name_the_state_and_the_ports(lab: Lab, make: Make) -> None:
    """Newest first; the toolbox is not among them."""
    web = await make(lab.id, "web", ports=((8088, 80),))
    idle = await make(lab.id, "idle", run=False)
    newest, oldest = await lab.containers()
    assert (newest.id, newest.name, newest.state, newest.started_at) == (idle, "idle", "created", None)
    assert (oldest.id, oldest.name, oldest.state) == (web, "web", "running")
    assert oldest.ports == (PublishedPort(8088, 80, "tcp"),)


async def test_an_exited_container_shows_its_code_and_its_words(lab: Lab, make: Make, engine: Engine) -> None:
    """Logs come without the engine's framing."""
    shell = await make(lab.id, "shell", image=BASE, run=False)
    await engine.remove(shell)
    labels = {"dosirak.lab": lab.id, "dosirak.role": "learner"}
    body = {"Image": BASE, "Labels": labels, "Cmd": ["sh", "-c", "echo one; sleep 0.1; echo two >&2; exit 3"]}
    said = await engine.create(f"lab-{lab.id}.said", body)
    await engine.start(said)
    await engine.call(lambda client: client.wait(said))
    assert await lab.logs(said) == b"one\ntwo\n"
    assert await lab.logs(said, tail=1) == b"two\n"
    (card,) = await lab.containers()
    assert (card.state, card.exit_code) == ("exited", 3)
    assert card.finished_at is not None and card.finished_at.tzinfo is not None


async def test_the_toolbox_is_nobodys_to_touch(lab: Lab, engine: Engine) -> None:
    """Its id leads nowhere, for reading as for removing."""
    toolbox = (await engine.inspect(toolbox_name(lab.id)))["Id"]
    for attempt in (lab.stop(toolbox), lab.remove(toolbox), lab.logs(toolbox), lab.start(toolbox)):
        with pytest.raises(EngineNotFound):
            await attempt


async def test_removing_all_counts_them(lab: Lab, make: Make) -> None:
    """Running or not."""
    await make(lab.id, "web")
    await make(lab.id, "idle", run=False)
    assert await lab.remove_all() == 2
    assert await lab.containers() == ()


async def test_a_volume_without_a_name_goes_with_its_container(lab: Lab, engine: Engine) -> None:
    """The gate makes such volumes, labelled; a named one stays."""
    labels = {"dosirak.lab": lab.id, "dosirak.role": "learner"}
    named, nameless = f"lab-{lab.id}.data", f"lab-{lab.id}.{'a' * 64}"
    await engine.call(lambda client: client.create_volume(named, labels=labels))
    await engine.call(lambda client: client.create_volume(nameless, labels={**labels, "dosirak.anonymous": "1"}))
    mounts = [
        {"Type": "volume", "Source": named, "Target": "/data"},
        {"Type": "volume", "Source": nameless, "Target": "/more"},
    ]
    body = {"Image": BASE, "Labels": labels, "HostConfig": {"Mounts": mounts}}
    await lab.remove(await engine.create(f"lab-{lab.id}.box", body))
    filters = {"label": [f"dosirak.lab={lab.id}", "dosirak.role=learner"]}
    volumes = await engine.call(lambda client: client.volumes(filters=filters))
    assert [volume["Name"] for volume in volumes["Volumes"]] == [named]
