"""Host ports are virtual: kept in a label of the container, never bound on the host."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bot.guard.owner import EXPOSED_LABEL, PORTS_LABEL, PUBLISH_ALL_LABEL
from bot.guard.refusals import refuse
from bot.guard.rules import wrong_shape
from bot.guard.verdict import Refused

FIRST_FREE_PORT = 32768
"""Where Docker itself starts for `-P` and `-p 80`: the first of Linux's ip_local_port_range."""
MAX_PUBLISHED = 16
HOLDING = ("running", "paused", "restarting")
"""States in which a container holds its host ports."""
ADDRESSES = ("", "0.0.0.0", "127.0.0.1")

_CONTAINER_PORT = re.compile(r"([1-9][0-9]{0,4})(?:/(tcp|udp))?", re.ASCII)
_PORT_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp))?", re.ASCII)
_HOST_PORT = re.compile(r"(?:0|[1-9][0-9]{0,4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Port:
    """One published port; `host` 0 means "any free one"."""

    host: int
    container: int
    protocol: str
    address: str = ""

    @property
    def key(self) -> str:
        return f"{self.container}/{self.protocol}"

    def label(self) -> dict[str, Any]:
        entry = {"host": self.host, "container": self.container, "protocol": self.protocol}
        return entry | {"ip": self.address} if self.address else entry


def read_port(text: str) -> tuple[int, str]:
    """`80/tcp` → (80, "tcp")."""
    match = _CONTAINER_PORT.fullmatch(text)
    if match is None or int(match[1]) > 65535:
        raise refuse("publish", text[:40], 400)
    return int(match[1]), match[2] or "tcp"


def readable(keys: Iterable[str]) -> list[str]:
    """An image's exposed ports that a lab can publish, in the one form `80/tcp`; others (sctp) are left out."""
    matches = (_CONTAINER_PORT.fullmatch(key) for key in keys)
    return [f"{match[1]}/{match[2] or 'tcp'}" for match in matches if match is not None and int(match[1]) < 65536]


def exposed(value: Any) -> dict[str, Any]:
    """Rule for ExposedPorts: a map from `80/tcp` to {}."""
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > 64:
        raise wrong_shape("ExposedPorts")
    return {"{}/{}".format(*read_port(key)): {} for key in value}


def bindings(value: Any) -> tuple[Port, ...]:
    """Rule for PortBindings: a map from `80/tcp` to a list of {HostIp, HostPort}."""
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise wrong_shape("PortBindings")
    wanted = tuple(port for key, entries in value.items() for port in _of_one(key, entries))
    if len(wanted) > MAX_PUBLISHED:
        raise refuse("publish", "", 400)
    return wanted


def _of_one(key: str, entries: Any) -> Iterable[Port]:
    number, protocol = read_port(key)
    if entries is None:
        entries = []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise wrong_shape("PortBindings")
    for entry in entries or [{}]:
        address, host = entry.get("HostIp", ""), entry.get("HostPort", "")
        if set(entry) - {"HostIp", "HostPort"} or not isinstance(address, str) or not isinstance(host, str):
            raise wrong_shape("PortBindings")
        if address not in ADDRESSES:
            raise refuse("port-address", address[:40])
        if not _HOST_PORT.fullmatch(host) or int(host or 0) > 65535:
            raise Refused(400, "bad-port", f"invalid port specification: {host[:40]!r}")
        yield Port(int(host or 0), number, protocol, address)


def assigned(wanted: Iterable[Port], all_of: Iterable[str], containers: Iterable[dict[str, Any]]) -> tuple[Port, ...]:
    """The wanted ports, with the lowest free host port where none was named, plus `all_of` (for `-P`)."""
    wanted = tuple(wanted)
    named = {port.key for port in wanted}
    more = tuple(Port(0, *read_port(key)) for key in sorted(all_of) if key not in named)
    taken = {port.host for item in containers for port in of_labels(item["Labels"])} | {port.host for port in wanted}
    result = []
    for port in wanted + more:
        host = port.host or next(number for number in range(FIRST_FREE_PORT, 65536) if number not in taken)
        taken.add(host)
        result.append(Port(host, port.container, port.protocol, port.address))
    return tuple(result)


def labels(ports: tuple[Port, ...], exposed_ports: Iterable[str], publish_all: bool) -> dict[str, str]:
    found = {PORTS_LABEL: json.dumps([port.label() for port in ports], separators=(",", ":"))} if ports else {}
    listed = " ".join(sorted(exposed_ports))
    return found | ({PUBLISH_ALL_LABEL: "all"} if publish_all else {}) | ({EXPOSED_LABEL: listed} if listed else {})


def of_labels(value: object) -> tuple[Port, ...]:
    """The ports in a container's labels; the gate wrote them, so they have their shape."""
    text = value.get(PORTS_LABEL, "[]") if isinstance(value, dict) else "[]"
    return tuple(
        Port(entry["host"], entry["container"], entry["protocol"], entry.get("ip", "")) for entry in json.loads(text)
    )


def refuse_if_taken(container: dict[str, Any], name: str, others: Iterable[dict[str, Any]]) -> None:
    """Docker's own error when another running container of the lab holds one of the ports."""
    held = {
        (port.host, port.protocol)
        for item in others
        if item["Id"] != container["Id"] and item["State"] in HOLDING
        for port in of_labels(item["Labels"])
    }
    own: set[tuple[int, str]] = set()
    for port in of_labels(container["Labels"]):
        key = (port.host, port.protocol)
        if key in held or key in own:
            endpoint = hashlib.sha256(f"endpoint {container['Id']}".encode()).hexdigest()
            where = f"Bind for {port.address or '0.0.0.0'}:{port.host} failed: port is already allocated"
            message = f"driver failed programming external connectivity on endpoint {name} ({endpoint}): {where}"
            raise Refused(500, "port-taken", message)
        own.add(key)


def exposed_of(value: object) -> tuple[str, ...]:
    """The exposed ports in a container's labels, `80/tcp`."""
    return tuple(value.get(EXPOSED_LABEL, "").split()) if isinstance(value, dict) else ()


def in_list(ports: Iterable[Port], exposed_ports: Iterable[str]) -> list[dict[str, Any]]:
    """`Ports` of a running container in the list: the published ones, then those that are only exposed."""
    published = tuple(ports)
    named = {port.key for port in published}
    shown: list[dict[str, Any]] = [
        {
            "IP": port.address or "0.0.0.0",
            "PrivatePort": port.container,
            "PublicPort": port.host,
            "Type": port.protocol,
        }
        for port in published
    ]
    alone = [read_port(key) for key in exposed_ports if key not in named]
    return shown + [{"PrivatePort": number, "Type": protocol} for number, protocol in alone]


def port_filter(publish: Iterable[str], expose: Iterable[str]) -> Callable[[list[dict[str, Any]]], bool]:
    """Docker's two port filters on a container's `Ports`: one of either is enough; raises Refused (400)."""
    published, exposed_ones = _filter_ports("publish", publish), _filter_ports("expose", expose)

    def keeps(listed: list[dict[str, Any]]) -> bool:
        if not published and not exposed_ones:
            return True
        return any(
            _meant(item.get("PublicPort", 0), item["Type"], published)
            or _meant(item["PrivatePort"], item["Type"], exposed_ones)
            for item in listed
        )

    return keeps


def _meant(port: int, protocol: str, ranges: Iterable[tuple[int, int, str]]) -> bool:
    return any(first <= port <= last and protocol == kind for first, last, kind in ranges)


def _filter_ports(name: str, values: Iterable[str]) -> list[tuple[int, int, str]]:
    """`8088`, `80/udp`, `8000-8080/tcp` → first and last port and protocol: compared, never counted out."""
    found = []
    for value in values:
        match = _PORT_RANGE.fullmatch(value)
        if match is None or int(match[2] or match[1]) > 65535:
            reason = f'strconv.ParseUint: parsing "{value}": invalid syntax'
            raise Refused(400, "bad-filter", f"error while looking up for {name} {value}: {reason}")
        found.append((int(match[1]), int(match[2] or match[1]), match[3] or "tcp"))
    return found


def in_settings(ports: Iterable[Port], exposed_ports: Iterable[str]) -> dict[str, Any]:
    """NetworkSettings.Ports of a running container."""
    shown: dict[str, Any] = dict.fromkeys(exposed_ports)
    for port in ports:
        entry = {"HostIp": port.address or "0.0.0.0", "HostPort": str(port.host)}
        shown[port.key] = [*(shown.get(port.key) or ()), entry]
    return shown


def in_bindings(ports: Iterable[Port]) -> dict[str, Any]:
    """HostConfig.PortBindings as the learner asked for them."""
    shown: dict[str, Any] = {}
    for port in ports:
        shown.setdefault(port.key, []).append({"HostIp": port.address, "HostPort": str(port.host)})
    return shown
