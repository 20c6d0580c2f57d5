"""The network is closed: from a lab's shell and from its containers, nothing but the lab itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.namespace import NetworkNamespace
from bot.settings import Settings
from deploy.host.temporary import EngineHost
from tests.sandbox.kit import BASE
from tests.sandbox.probe import Place, addresses, bridge_of, listening_ports, place

pytestmark = pytest.mark.engine

OUTSIDE = (
    "169.254.169.254",
    "169.254.1.1",
    "fd00:ec2::254",
    "fe80::1",
    "10.0.0.1",
    "172.17.0.1",
    "192.168.0.1",
    "1.1.1.1",
    "8.8.8.8",
    "2606:4700:4700::1111",
    "255.255.255.255",
    "224.0.0.1",
    "0.0.0.0",
)
"""A cloud's metadata, link-local neighbours, private networks, the internet, everybody."""

DNS = 53
ETH_P_ALL = 3
"""linux/if_ether.h: every frame, whatever its protocol."""

ASK = """timeout 2 getent hosts secret.example.com &
timeout 2 docker exec web nslookup secret.example.com &
timeout 2 docker exec inner nslookup secret.example.com &
wait"""


@dataclass(frozen=True)
class Looking:
    """Lab A, which looks around from three places, and lab B, which must not be found from any of them."""

    a: Lab
    b: Lab
    places: tuple[Place, ...]
    others: tuple[Place, ...]


@pytest.fixture(scope="module")
async def looking(host: SandboxHost, engine: Engine) -> AsyncIterator[Looking]:
    a, b = await host.labs.open(LabId("aaaaaaaaa0")), await host.labs.open(LabId("bbbbbbbbb0"))
    for lab in (a, b):
        made = await lab.run_script(
            f"docker pull --quiet {BASE} && docker network create back &&"
            f" docker run --detach --name web {BASE} nc -ll -p 80 -e cat && docker network connect back web &&"
            f" docker run --detach --name inner --network back {BASE} nc -ll -p 80 -e cat"
        )
        assert made.exit_code == 0, made
    yield Looking(a, b, await places(engine, a), await places(engine, b))
    for lab in (a, b):
        await host.labs.close(lab.id)


async def places(engine: Engine, lab: Lab) -> tuple[Place, ...]:
    """The shell, a container on two networks, a container on the learner's own network alone."""
    names = (f"toolbox-{lab.id}", f"lab-{lab.id}.web", f"lab-{lab.id}.inner")
    return tuple([await place(engine, name) for name in names])


@pytest.fixture(scope="module")
def inside(settings: Settings) -> NetworkNamespace:
    """Where the engine and all bridges are."""
    return NetworkNamespace(settings.network_namespace)


@pytest.fixture(scope="module")
def services(inside: NetworkNamespace) -> Iterator[set[int]]:
    """Ports that answer at every address of this machine, and of the engine's namespace."""
    with ExitStack() as stack:
        made = [
            stack.enter_context(namespace.socket(family))
            for namespace in (NetworkNamespace(None), inside)
            for family in (socket.AF_INET, socket.AF_INET6)
        ]
        for one in made:
            one.bind(("", 0))
            one.listen()
        yield {one.getsockname()[1] for one in made}


async def test_nothing_of_the_host_answers(looking: Looking, services: set[int], inside: NetworkNamespace) -> None:
    """Case H164: every address, also a gateway's and IPv6 ones, times every port that something listens on."""
    outer = NetworkNamespace(None)
    ports = services | listening_ports(inside) | listening_ports(outer)
    every = addresses(inside) | addresses(outer)
    own = {address for one in looking.places for address in addresses(one.namespace)}
    targets = {(address, port) for address in every - own for port in ports}
    assert len(every) > 6 and services < ports
    for one in looking.places:
        assert await one.reached(targets) == set(), one.name


async def test_the_registry_does_not_answer(
    looking: Looking, engine_host: EngineHost, inside: NetworkNamespace
) -> None:
    """It listens on the namespace's loopback alone; the loopback of a container is another."""
    port = int(engine_host.registry.rpartition(":")[2])
    assert port in listening_ports(inside)
    for one in looking.places:
        assert await one.reached([(host, port) for host in ("127.0.0.1", *addresses(inside))]) == set()


async def test_no_other_lab_answers(looking: Looking) -> None:
    """By address or by name; the same addresses answer their own lab."""
    theirs = {(address, 80) for one in looking.others[1:] for address in addresses(one.namespace)}
    assert await looking.others[1].reached(theirs) == theirs
    for one in looking.places:
        assert await one.reached(theirs) == set(), one.name
    for name in ("web", "inner"):
        own = (await looking.a.run_script(f"getent hosts {name}")).output.split()[:1]
        assert set(own) <= {address for one in looking.places for address in addresses(one.namespace)}
    foreign = (f"lab-{looking.b.id}.web", f"toolbox-{looking.b.id}", f"web.lab-{looking.b.id}")
    asked = " & ".join(f"getent hosts {name}" for name in foreign)
    assert (await looking.a.run_script(f"{asked} & wait")).output == ""


async def test_nothing_leaves_the_lab(looking: Looking, inside: NetworkNamespace) -> None:
    """Whatever a lab sends is seen on its own bridges and on no other interface, inside or outside."""
    mine = {f"lab{looking.a.id}", f"lab{looking.a.id}00"}
    bridges = bridge_of(inside)
    assert mine <= set(bridges.values())
    elsewhere = addresses(inside) | {address for one in looking.others for address in addresses(one.namespace)}
    sources = {socket.inet_aton(own) for one in looking.places for own in addresses(one.namespace) if ":" not in own}
    targets = {(address, DNS) for address in (*OUTSIDE, *elsewhere)}
    with Wire(inside) as wire, Wire(NetworkNamespace(None)) as outer:
        for one in looking.places:
            one.sends(targets, b"let me out")
            await one.reached(targets)
        await looking.a.run_script(ASK)
        seen = {bridges.get(name, name) for name in wire.carried(sources)}
        assert seen and seen <= mine
        assert not outer.carried(sources) & {"lo", "eth0"}


class Wire:
    """A recorder of every frame in a namespace."""

    def __init__(self, namespace: NetworkNamespace) -> None:
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**23)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def carried(self, sources: set[bytes]) -> set[str]:
        """Names of the interfaces that carried an IPv4 packet from one of these addresses."""
        names = set()
        while True:
            try:
                frame, (name, *_) = self._socket.recvfrom(64)
            except BlockingIOError:
                return names
            if frame[12:14] == b"\x08\x00" and frame[26:30] in sources:
                names.add(str(name))


async def test_no_question_reaches_a_resolver_of_the_host(looking: Looking, inside: NetworkNamespace) -> None:
    """Case H167: engines of this age would ask the host's resolver for one without a way out (CVE-2024-29018)."""
    with inside.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
        resolver.bind(("0.0.0.0", DNS))
        await looking.a.run_script(ASK)
        for one in looking.places:
            one.sends([(address, DNS) for address in ("127.0.0.11", *addresses(inside))], b"a question")
        await asyncio.sleep(0.1)
        with pytest.raises(BlockingIOError):
            resolver.recv(512)


@pytest.mark.parametrize("where", ["", "docker exec web ", "docker exec inner "], ids=["shell", "web", "inner"])
async def test_no_packet_can_be_forged(looking: Looking, where: str) -> None:
    """Case H166: no raw socket, so no spoofed ARP, DHCP or router; no other address, no other route."""
    for command in (
        "ping -c 1 -W 1 127.0.0.1",
        "arping -c 1 -I eth0 10.64.0.1",
        "traceroute -I -m 1 127.0.0.1",
        "udhcpc -i eth0 -n -q -t 1",
        "ip address add 10.64.0.9/28 dev eth0",
        "ip link set eth0 address 02:00:00:00:00:09",
        "ip route add default dev eth0",
        "ip link add name x type dummy",
    ):
        tried = await looking.a.run_script(f"{where}busybox {command} 2>&1")
        assert tried.exit_code != 0, (command, tried)
        assert "permitted" in tried.output or "denied" in tried.output, (command, tried)
