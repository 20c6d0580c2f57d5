"""Networks: the lab's own is the learner's `bridge`; new ones are internal bridges with the engine's addresses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.guard import facts as ask
from bot.guard.aliases import aliases
from bot.guard.call import Call, flag
from bot.guard.container_fields import labels
from bot.guard.container_views import shown_labels
from bot.guard.containers import own_container
from bot.guard.facts import Facts
from bot.guard.filters import Filters, has_label, prunable, read_filters, refuse_until
from bot.guard.names import container_name, new_name, resolve
from bot.guard.network_mode import BRIDGE, HOST, NONE, network_name
from bot.guard.owner import Owner
from bot.guard.refusals import refuse
from bot.guard.rules import Table, dropped, read_fields, refused, text
from bot.guard.rules import flag as flag_rule
from bot.guard.strictjson import read_json
from bot.guard.verdict import Answer, Forward, Refused, Reply, Several, Upstream, Verdict, answer_json

Item = dict[str, Any]

BRIDGE_NAME = "com.docker.network.bridge.name"
"""Bridges made here are called `lab<id>NN`: the host's firewall rules are about `lab+`; a name has 15 characters."""
BRIDGE_TAKEN = "networks have same bridge name"
"""moby, drivers/bridge: said also of a network that an engine was making when it was killed, and which no list has."""
SPARE_BRIDGES = 3
"""Names for when the engine holds the lowest free one: each costs an engine that is killed at such a moment."""


def _ipam(value: Any) -> None:
    fields = read_fields(
        value, {"Driver": text(64), "Options": refused("network-address"), "Config": refused("network-address")}, "IPAM"
    )
    if fields["Driver"] not in ("", "default"):
        raise refuse("network-address")


def _driver(value: Any) -> None:
    if text(64)(value) not in ("", "bridge"):
        raise refuse("network-driver", str(value)[:40])


CREATE: Table = MappingProxyType(
    {
        "Name": text(128),
        "Labels": labels,
        # forced
        "Driver": _driver,
        "Internal": dropped,
        "CheckDuplicate": dropped,
        "IPAM": _ipam,
        # refused
        "Options": refused("network-driver"),
        "EnableIPv6": refused("network-address"),
        "EnableIPv4": refused("network-address", True),
        "Attachable": refused("network-driver"),
        "Ingress": refused("network-driver"),
        "ConfigOnly": refused("network-driver"),
        "ConfigFrom": refused("network-driver"),
        "Scope": refused("network-driver"),
    }
)


def own_network(owner: Owner, facts: Facts, reference: str) -> Item:
    """The lab's network that a reference means; raises Docker's 404."""
    found: Item = resolve(reference, facts.networks(), lambda item: network_name(owner, item), "network")
    return found


def list_networks(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    filters = read_filters(call.query, ("name", "id", "driver", "label", "scope", "type", "dangling"))
    found = [_shown(owner, item) for item in facts.networks()]
    found.append(_none(owner))
    return answer_json([item for item in found if _keeps(item, filters)])


def _keeps(item: Item, filters: Filters) -> bool:
    """The engine's meaning of each filter: values of one key are alternatives, labels must all be there."""
    builtin = item["Name"] in (BRIDGE, NONE)
    tests: dict[str, Callable[[str], bool]] = {
        "name": lambda value: value in item["Name"],
        "id": lambda value: item["Id"].startswith(value),
        "driver": lambda value: item["Driver"] == value,
        "scope": lambda value: item["Scope"] == value,
        "type": lambda value: value == ("builtin" if builtin else "custom"),
        "dangling": lambda value: flag(value) == (not builtin and not item["Containers"]),
    }
    if not all(has_label(item["Labels"], value) for value in filters.get("label", ())):
        return False
    return all(any(tests[key](value) for value in values) for key, values in filters.items() if key != "label")


def _none(owner: Owner) -> Item:
    """The virtual `none`: every engine has it, and `--network none` works."""
    identity = hashlib.sha256(f"none of {owner.lab}".encode()).hexdigest()
    ipam: Item = {"Driver": "default", "Config": []}
    return _base({"Id": identity, "Created": "1970-01-01T00:00:00Z", "IPAM": ipam, "Labels": {}}, NONE, "null")


def _base(item: Item, name: str, driver: str = "bridge") -> Item:
    return {
        "Name": name,
        "Id": item["Id"],
        "Created": item["Created"],
        "Scope": "local",
        "Driver": driver,
        "EnableIPv6": False,
        "IPAM": item["IPAM"] | {"Options": None if name in (BRIDGE, NONE) else item["IPAM"].get("Options") or {}},
        "Internal": False,
        "Attachable": False,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {},
        "Options": {},
        "Labels": shown_labels(item["Labels"]),
    }


def _shown(owner: Owner, item: Item, own_containers: frozenset[str] = frozenset()) -> Item:
    shown = _base(item, network_name(owner, item))
    containers = item.get("Containers") or {}
    shown["Containers"] = {
        key: value | {"Name": owner.virtual(value["Name"])}
        for key, value in containers.items()
        if key in own_containers
    }
    return shown


def inspect_network(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    if name in (NONE, _none(owner)["Id"]):
        return answer_json(_none(owner))
    facts.require(ask.networks(owner), ask.containers(owner))
    found = own_network(owner, facts, name)
    own = frozenset(item["Id"] for item in facts.containers())
    return Forward(Upstream("GET", f"/networks/{found['Id']}"), Reply(view=lambda item: _shown(owner, item, own)))


def create_network(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    fields = read_fields(read_json(call.body), CREATE, "body")
    name = new_name(fields["Name"], "network")
    present = facts.networks()
    if name in (BRIDGE, NONE, HOST, "default"):
        raise Refused(403, "predefined-network", f"operation is not permitted on predefined {name} network ")
    if any(network_name(owner, item) == name for item in present):
        raise Refused(409, "name-in-use", f"network with name {name} already exists")
    if len(present) - 1 >= owner.limits.networks:
        raise refuse("networks-full", f"{owner.limits.networks} and the bridge")
    request, *instead = (
        Upstream("POST", "/networks/create", (), _body(owner, name, fields["Labels"], bridge))
        for bridge in _bridges(owner, present)
    )
    return Forward(request, Reply(view=lambda item: {"Id": item["Id"], "Warning": ""}), instead=tuple(instead))


def _body(owner: Owner, name: str, learners: Mapping[str, str], bridge: str) -> dict[str, Any]:
    return {
        "Name": owner.prefix + name,
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Internal": True,
        "EnableIPv6": False,
        "Attachable": False,
        "Options": {BRIDGE_NAME: bridge, "com.docker.network.bridge.enable_icc": "true"},
        "Labels": {**learners, **owner.labels()},
    }


def _bridges(owner: Owner, present: list[Item]) -> list[str]:
    """The lowest free bridge names of the lab."""
    taken = {(item.get("Options") or {}).get(BRIDGE_NAME) for item in present}
    names = (f"lab{owner.lab}{number:02d}" for number in range(100))
    return [name for name in names if name not in taken][: 1 + SPARE_BRIDGES]


def remove_network(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    if name in (BRIDGE, NONE, owner.network):
        raise Refused(403, "predefined-network", f"{name} is a pre-defined network and cannot be removed")
    found = own_network(owner, facts, name)
    if found["Id"] == owner.network:
        raise Refused(403, "predefined-network", f"{BRIDGE} is a pre-defined network and cannot be removed")
    return Forward(Upstream("DELETE", f"/networks/{found['Id']}"))


def connect(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    """In turn, since the engine reads the whole of the container's /etc/hosts, whatever has been made of it."""
    table: Table = {"Container": text(256), "EndpointConfig": aliases}
    fields = read_fields(read_json(call.body), table, "body")
    facts.require(ask.networks(owner), ask.containers(owner))
    network = own_network(owner, facts, name)
    container = own_container(owner, facts, fields["Container"])
    known = sorted({*fields["EndpointConfig"], container_name(owner, container)})
    body = {"Container": container["Id"], "EndpointConfig": {"Aliases": known}}
    return Forward(Upstream("POST", f"/networks/{network['Id']}/connect", (), body), turn=True)


def disconnect(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    table: Table = {"Container": text(256), "Force": flag_rule}
    fields = read_fields(read_json(call.body), table, "body")
    facts.require(ask.networks(owner), ask.containers(owner))
    network = own_network(owner, facts, name)
    container = own_container(owner, facts, fields["Container"])
    body = {"Container": container["Id"], "Force": fields["Force"]}
    return Forward(Upstream("POST", f"/networks/{network['Id']}/disconnect", (), body), turn=True)


def prune_networks(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    """The engine refuses to remove a network with running containers, which is what prune leaves out."""
    filters = read_filters(call.query, ("label", "label!", "until"))
    refuse_until(filters)
    made = [item for item in facts.networks() if item["Id"] != owner.network]
    own = [item for item in made if prunable(item["Labels"], filters)]
    requests = tuple(Upstream("DELETE", f"/networks/{item['Id']}") for item in own)

    def answer(statuses: tuple[int, ...]) -> Answer:
        gone = [network_name(owner, item) for item, status in zip(own, statuses, strict=True) if status == 204]
        return answer_json({"NetworksDeleted": gone or None})

    return Several(requests, answer)
