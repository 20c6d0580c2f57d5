"""What a lab cannot reach."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.firewall import Firewall
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.names import network_name, toolbox_name
from bot.sandbox.namespace import NetworkNamespace, namespace_of
from bot.settings import Settings
from deploy.host.temporary import EngineHost, temporary_engine
from tests.sandbox.kit import Make, sandbox

pytestmark = pytest.mark.engine

REFUSED, UNKNOWN = 7, 6
"""Exit codes of curl: no connection; no such host."""


@pytest.fixture(scope="module")
def lonely() -> Iterator[EngineHost]:
    """An engine where no bot has labs, so that nobody else looks after the rules: a keeper puts back what is taken."""
    with temporary_engine() as engine:
        yield engine


@pytest.fixture
async def firewall(lonely: EngineHost) -> AsyncIterator[Firewall]:
    """Its walls, in place."""
    firewall = Firewall(NetworkNamespace(lonely.network_namespace))
    await firewall.ensure()
    yield firewall
    await firewall.remove()


async def curl(lab: Lab, url: str) -> int:
    """curl's exit code from inside the lab; 28 would be a silent wait of three seconds."""
    return (await lab.run_script(f"curl --silent --max-time 3 {url}")).exit_code


async def test_the_gateway_answers_nothing(lab: Lab, engine: Engine, host: SandboxHost) -> None:
    """A program that listens on every address of the engine's namespace, as the registry might, is out of reach."""
    network = await engine.call(lambda client: client.inspect_network(network_name(lab.id)))
    gateway = network["IPAM"]["Config"][0]["Gateway"]
    with host.make_socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert await curl(lab, f"http://{gateway}:{port}/") == REFUSED


async def test_the_world_and_its_metadata_are_out_of_reach(lab: Lab) -> None:
    """Case H165: refused at once, not after a long wait."""
    for address in ("169.254.169.254", "10.0.0.1", "1.1.1.1"):
        assert await curl(lab, f"http://{address}/") == REFUSED


async def test_outside_names_fail_within_two_seconds(lab: Lab) -> None:
    """No question leaves the lab."""
    assert await curl(lab, "http://example.com/") == UNKNOWN


async def test_another_lab_is_out_of_reach_and_the_own_one_is_not(lab: Lab, host: SandboxHost, make: Make) -> None:
    """The same container answers its own lab and no other."""
    other = await host.labs.open(LabId("0123456789"))
    try:
        web = await make(other.id, "web")
        address = await host.address(other.id, web, 80)
        assert await curl(lab, f"http://{address.ip}/") == REFUSED
        assert await curl(other, f"http://{address.ip}/") == 0
    finally:
        await host.labs.close(other.id)


async def test_what_a_lab_says_within_itself_takes_no_place_in_the_table_of_all(
    lab: Lab, engine: Engine, settings: Settings, host: SandboxHost, make: Make
) -> None:
    """One packet for each port of a neighbour: the table of connections is one for all labs, and has an end."""
    address = await host.address(lab.id, await make(lab.id, "web"), 80)
    table = NetworkNamespace(settings.network_namespace)

    def entries() -> int:
        with table.entered():
            return int(Path("/proc/sys/net/netfilter/nf_conntrack_count").read_text())

    before = entries()
    toolbox = await engine.inspect(toolbox_name(lab.id))
    inside = namespace_of(toolbox["State"]["Pid"], toolbox["Id"])
    with inside as namespace, namespace.socket(type=socket.SOCK_DGRAM) as sender:
        for port in range(1, 2001):
            with suppress(BlockingIOError):
                sender.sendto(b"x", (str(address.ip), port))
    assert entries() - before < 200


async def test_flushed_rules_come_back(firewall: Firewall) -> None:
    """Looking twice changes nothing; after a flush one look is enough."""
    assert await firewall.ensure() is False
    await firewall._run("iptables", "-F", "INPUT")
    assert await firewall.ensure() is True
    await firewall.remove()
    assert "DOSIRAK" not in await firewall._run("iptables", "-S")
    assert "lab+" not in await firewall._run("iptables", "-t", "raw", "-S")
    assert await firewall.ensure() is True
    assert await firewall.ensure() is False


async def test_a_kernel_without_ipv6_needs_no_rules_for_it(
    firewall: Firewall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its tables may not even be there; once IPv6 is, so are the rules."""
    await firewall.remove()
    with monkeypatch.context() as without:
        without.setattr("bot.sandbox.firewall.IPV6", tmp_path / "if_inet6")
        assert await firewall.ensure() is True and await firewall.ensure() is False
        assert "DOSIRAK" not in await firewall._run("ip6tables", "-S")
    assert await firewall.ensure() is True
    assert "DOSIRAK" in await firewall._run("ip6tables", "-S")


async def test_a_rule_put_before_ours_is_overtaken(firewall: Firewall) -> None:
    """Docker writes its own rules at the top when it starts again."""
    await firewall._run("iptables", "-I", "INPUT", "-i", "lab+", "-j", "ACCEPT")
    try:
        assert await firewall.ensure() is True
        listed = (await firewall._run("iptables", "-S", "INPUT")).splitlines()
        assert listed[1] == "-A INPUT -i lab+ -j DOSIRAK-INPUT"
        assert sum("DOSIRAK" in line for line in listed) == 1
    finally:
        await firewall._run("iptables", "-D", "INPUT", "-i", "lab+", "-j", "ACCEPT")


async def test_the_walls_come_with_the_host_and_go_with_it(
    firewall: Firewall, lonely: EngineHost, settings: Settings
) -> None:
    """An engine that somebody else uses later finds no rule of ours."""
    theirs = settings.model_copy(
        update={
            "state": lonely.state / "bot",
            "engine": f"unix://{lonely.socket}",
            "network_namespace": str(lonely.network_namespace),
            "cgroup": lonely.cgroup,
        }
    )
    await firewall.remove()
    async with sandbox(theirs) as passing:
        for command in ("iptables", "ip6tables"):
            assert "DOSIRAK" in await firewall._run(command, "-S")
        await passing.stop_all()
        for command in ("iptables", "ip6tables"):
            assert "DOSIRAK" not in await firewall._run(command, "-S")
