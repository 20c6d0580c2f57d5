"""`localhost:<host port>` in the toolbox, and the page's way to a container."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import ContainerNotRunning, EngineNotFound, PortTaken
from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.summary import ContainerSummary
from bot.settings import Settings
from tests.sandbox.kit import WEB, Make, eventually, sandbox

pytestmark = pytest.mark.engine

LISTENING = "grep -c ' 0100007F:1F98 .* 0A ' /proc/net/tcp"
"""Who listens on 127.0.0.1:8088, as the kernel writes it."""


async def test_a_published_port_answers_on_localhost(lab: Lab, make: Make) -> None:
    """`curl localhost:8088` in the toolbox shows the container's page."""
    web = await make(lab.id, "web", ports=((8088, 80),))
    await lab.ports.ensure(web)
    result = await lab.run_script("curl --silent --max-time 5 http://localhost:8088/")
    assert result.exit_code == 0 and "<html" in result.output


async def test_the_port_is_open_when_docker_run_returns(lab: Lab) -> None:
    """The official CLI through the gate, and the very next command."""
    script = f"docker run --detach --publish 8088:80 --name web {WEB} && curl --silent --max-time 5 localhost:8088"
    result = await lab.run_script(script + " --retry 5 --retry-all-errors --retry-delay 0")
    assert result.exit_code == 0 and "<html" in result.output, result.output
    (web,) = await lab.containers()
    assert (web.name, web.image) == ("web", WEB)


async def test_the_engine_is_asked_once_about_a_container_that_publishes_nothing(
    lab: Lab, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is published is settled when a container is made, and most publish nothing; one that does is looked at."""
    looked: list[str] = []
    get = lab.learner.get

    async def counted(container_id: str) -> ContainerSummary:
        looked.append(container_id)
        return await get(container_id)

    monkeypatch.setattr(lab.learner, "get", counted)
    quiet, web = await make(lab.id, "quiet"), await make(lab.id, "web", ports=((8088, 80),))
    for container_id in (quiet, web) * 3:
        await lab.ports.ensure(container_id)
    assert looked.count(quiet) == 1 and looked.count(web) >= 3
    await lab.remove(quiet)
    await eventually(lambda: looked.count(quiet) >= 2)  # Nothing is remembered of a container that is gone.


async def test_a_client_that_hangs_up_is_no_fault(lab: Lab, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """Closed with the answer unread (a reset): the next one is served, and the log has nothing to tell."""
    web = await make(lab.id, "web", ports=((8088, 80),))
    await lab.ports.ensure(web)
    rude = "exec 3<>/dev/tcp/127.0.0.1/8088; printf 'GET / HTTP/1.1\\r\\nHost: w\\r\\n\\r\\n' >&3; sleep 0.3; exec 3>&-"
    result = await lab.run_script(f"{rude}; curl --silent --max-time 5 http://localhost:8088/")
    assert result.exit_code == 0 and "<html" in result.output
    await asyncio.sleep(0.2)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_stopped_container_holds_no_port(lab: Lab, make: Make) -> None:
    """Stopped: refused. Started again: there again, by itself."""
    web = await make(lab.id, "web", ports=((8088, 80),))
    await lab.ports.ensure(web)
    await lab.stop(web)
    await _until(lab, LISTENING, "0")
    await lab.start(web)
    await _until(lab, LISTENING, "1")


async def test_ports_follow_containers_that_no_gate_saw(lab: Lab, make: Make) -> None:
    """The engine's events alone are enough."""
    await make(lab.id, "web", ports=((8088, 80),))
    await _until(lab, LISTENING, "1")


async def test_a_new_toolbox_has_the_ports_again(lab: Lab, make: Make) -> None:
    """After `exit` the next shell lives in a new network namespace."""
    web = await make(lab.id, "web", ports=((8088, 80),))
    await lab.ports.ensure(web)
    await lab.shell.write(b"exit\n")
    await eventually(lambda: not lab.shell.alive)
    await lab.shell.open()
    await _until(lab, LISTENING, "1")


async def test_a_restarted_bot_opens_the_ports_again(
    settings: Settings, host: SandboxHost, lab_id: LabId, make: Make
) -> None:
    """What a crashed bot had opened went with it."""
    async with sandbox(settings) as first:
        await first.labs.open(lab_id)
        await make(lab_id, "web", ports=((8088, 80),))
    lab = await host.labs.open(lab_id)
    assert (await lab.run_script(LISTENING)).output.strip() == "1"


async def test_a_half_close_is_carried(lab: Lab, make: Make, engine: Engine) -> None:
    """The server sees the end of the request and still gives its whole answer."""
    web = await make(lab.id, "web", ports=((8088, 80),))
    await lab.ports.ensure(web)
    script = (
        "exec 3<>/dev/tcp/127.0.0.1/8088; printf 'GET / HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n' >&3; cat <&3 | head -n 1"
    )
    assert "200 OK" in (await lab.run_script(script)).output


async def test_a_port_is_held_by_one_container(lab: Lab, make: Make) -> None:
    """Starting a second one from its card says who holds the port."""
    await make(lab.id, "first", ports=((8088, 80),))
    second = await make(lab.id, "second", ports=((8088, 80),), run=False)
    with pytest.raises(PortTaken) as caught:
        await lab.start(second)
    assert (caught.value.port, caught.value.holder) == (8088, "first")


async def test_a_page_connects_from_outside_the_lab(lab: Lab, host: SandboxHost, make: Make) -> None:
    """A socket made in the engine's namespace reaches the container that the address names."""
    web = await make(lab.id, "web")
    address = await host.address(lab.id, web, 80)
    await _until(lab, f"curl --silent --output /dev/null http://{address.ip}/ && echo up", "up")
    with host.make_socket() as connection:
        await asyncio.get_running_loop().sock_connect(connection, (address.ip, address.port))
        reader, writer = await asyncio.open_connection(sock=connection)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        assert (await reader.readline()).endswith(b"200 OK\r\n")
        writer.close()
        await writer.wait_closed()


async def test_addresses_are_only_given_for_the_labs_own_running_containers(
    lab: Lab, host: SandboxHost, make: Make
) -> None:
    """Another lab's container is not found; a stopped one has no address."""
    web = await make(lab.id, "web")
    with pytest.raises(EngineNotFound):
        await host.address(LabId("0123456789"), web, 80)
    await lab.stop(web)
    with pytest.raises(ContainerNotRunning):
        await host.address(lab.id, web, 80)


async def _until(lab: Lab, script: str, expected: str) -> None:
    async with asyncio.timeout(10):
        while (await lab.run_script(script)).output.strip() != expected:  # noqa: ASYNC110 - the kernel signals nobody
            await asyncio.sleep(0.05)
