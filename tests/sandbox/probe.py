"""What can be reached from a container: sockets made in its network namespace, as any program in it could."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sandbox.engine import Engine
from bot.sandbox.namespace import NetworkNamespace

SECONDS = 0.3
"""For one attempt: a connection inside the machine takes a millisecond."""

Target = tuple[str, int]


@dataclass(frozen=True)
class Place:
    """A container and its network namespace."""

    name: str
    namespace: NetworkNamespace

    async def reached(self, targets: Iterable[Target]) -> set[Target]:
        """Which of these accept a TCP connection, all tried at once."""
        wanted = sorted(set(targets))
        answers = await asyncio.gather(*(self._connects(target) for target in wanted))
        return {target for target, connected in zip(wanted, answers, strict=True) if connected}

    async def _connects(self, target: Target) -> bool:
        try:
            with self._socket(target, socket.SOCK_STREAM) as client:
                async with asyncio.timeout(SECONDS):
                    await asyncio.get_running_loop().sock_connect(client, self._address(target))
                return True
        except OSError:  # A TimeoutError is one as well.
            return False

    def sends(self, targets: Iterable[Target], data: bytes) -> None:
        """A datagram to each of these; whether anything came is for the other end to say."""
        for target in sorted(set(targets)):
            try:
                with self._socket(target, socket.SOCK_DGRAM) as client:
                    client.sendto(data, self._address(target))
            except OSError:
                continue

    def _socket(self, target: Target, kind: int) -> socket.socket:
        return self.namespace.socket(socket.AF_INET6 if ":" in target[0] else socket.AF_INET, kind)

    def _address(self, target: Target) -> tuple[Any, ...]:
        """A link-local address is on the container's only wire."""
        host, port = target
        if not host.startswith("fe80"):
            return target
        with self.namespace.entered():
            return (host, port, 0, socket.if_nametoindex("eth0"))


async def place(engine: Engine, name: str) -> Place:
    """A running container by its name on the engine."""
    state = (await engine.inspect(name))["State"]
    assert state["Running"], name
    return Place(name, NetworkNamespace(f"/proc/{state['Pid']}/ns/net"))


def ip(namespace: NetworkNamespace, *words: str) -> list[dict[str, Any]]:
    """`ip -json …` in a namespace."""
    inside = () if namespace.path is None else ("nsenter", f"--net={namespace.path}")
    done = subprocess.run((*inside, "ip", "-json", *words), check=True, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return found


def addresses(namespace: NetworkNamespace) -> set[str]:
    """Every address in a namespace but its loopback's, which is every namespace's own."""
    found = {str(one["local"]) for link in ip(namespace, "address") for one in link["addr_info"]}
    return {address for address in found if address != "::1" and not address.startswith("127.")}


def bridge_of(namespace: NetworkNamespace) -> dict[str, str]:
    """Each interface with the bridge that it is part of."""
    return {link["ifname"]: link.get("master", link["ifname"]) for link in ip(namespace, "link")}


def listening_ports(namespace: NetworkNamespace) -> set[int]:
    """TCP ports that anything listens on, at whatever address (proc(5): state 0A, local address first)."""
    with namespace.entered():
        tables = [Path("/proc/thread-self/net/tcp").read_text(), Path("/proc/thread-self/net/tcp6").read_text()]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"}
