"""Volumes: the lab's own, local, without options; where they lie on the host is not shown."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from bot.guard.call import Call, flag
from bot.guard.container_fields import labels
from bot.guard.container_views import shown_volume
from bot.guard.facts import Facts
from bot.guard.filters import Filters, has_label, prunable, read_filters
from bot.guard.names import MAX_NAME, new_name, valid_name
from bot.guard.owner import ANONYMOUS_LABEL, Owner
from bot.guard.refusals import refuse
from bot.guard.rules import Table, read_fields, refused, text
from bot.guard.strictjson import read_json
from bot.guard.verdict import Answer, Forward, Refused, Reply, Several, Upstream, Verdict, answer_json

Item = dict[str, Any]


def _driver(value: Any) -> None:
    if text(64)(value) not in ("", "local"):
        raise refuse("volume-driver", str(value)[:40])


CREATE: Table = MappingProxyType(
    {
        "Name": text(128),
        "Labels": labels,
        "Driver": _driver,
        "DriverOpts": refused("volume-driver"),
        "ClusterVolumeSpec": refused("volume-driver"),
    }
)


def own_volume(owner: Owner, facts: Facts, name: str) -> Item:
    """The lab's volume of this name; raises Docker's 404. Volumes have no ids."""
    for item in facts.volumes():
        if owner.virtual(item["Name"]) == name:
            return item
    raise Refused(404, "no-volume", f"get {name}: no such volume")


def list_volumes(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    filters = read_filters(call.query, ("name", "label", "driver", "dangling"))
    found = [shown_volume(owner, item) for item in facts.volumes()]
    used = _used(owner, facts) if "dangling" in filters else frozenset()
    return answer_json({"Volumes": [item for item in found if _keeps(item, filters, used)], "Warnings": None})


def _used(owner: Owner, facts: Facts) -> frozenset[str]:
    """The virtual names of volumes that a container of the lab mounts, running or not."""
    mounts = [mount for item in facts.containers() for mount in item["Mounts"]]
    return frozenset(owner.virtual(mount["Name"]) for mount in mounts if mount.get("Name"))


def _keeps(item: Item, filters: Filters, used: frozenset[str]) -> bool:
    tests: dict[str, Callable[[str], bool]] = {
        "name": lambda value: value in item["Name"],
        "driver": lambda value: value == item["Driver"],
        "dangling": lambda value: flag(value) == (item["Name"] not in used),
    }
    if not all(has_label(item["Labels"], value) for value in filters.get("label", ())):
        return False
    return all(any(tests[key](value) for value in values) for key, values in filters.items() if key != "label")


def inspect_volume(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    return answer_json(shown_volume(owner, own_volume(owner, facts, name)))


def create_volume(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    fields = read_fields(read_json(call.body), CREATE, "body")
    if fields["Name"] and not valid_name(fields["Name"]):
        where = 'for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed'
        advice = "If you intended to pass a host directory, use absolute path"
        shown = fields["Name"][:MAX_NAME]
        raise Refused(400, "bad-name", f'create {shown}: "{shown}" includes invalid characters {where}. {advice}')
    name = new_name(fields["Name"], "volume") if fields["Name"] else ""
    present = facts.volumes()
    known = any(owner.virtual(item["Name"]) == name for item in present)
    if not known and len(present) >= owner.limits.volumes:
        raise refuse("volumes-full", f"{len(present)} of {owner.limits.volumes}")
    body = {"Driver": "local", "DriverOpts": {}, "Labels": fields["Labels"] | owner.labels()}
    # Without a name the engine makes one of 64 digits, as for `docker volume create`.
    named = {"Name": owner.prefix + name} if name else {"Labels": body["Labels"] | {ANONYMOUS_LABEL: "1"}}
    request = Upstream("POST", "/volumes/create", (), body | named)
    return Forward(request, Reply(view=lambda item: shown_volume(owner, item)))


def remove_volume(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_volume(owner, facts, name)
    query = (("force", "1"),) if flag(call.query.get("force")) else ()
    return Forward(Upstream("DELETE", f"/volumes/{found['Name']}", query))


def prune_volumes(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    """Volumes that no container mounts, one by one: the engine refuses those that came into use meanwhile."""
    filters = read_filters(call.query, ("all", "label", "label!"))
    used = _used(owner, facts)
    unused = [item for item in facts.volumes() if owner.virtual(item["Name"]) not in used]
    idle = [item for item in unused if prunable(item["Labels"], filters)]
    requests = tuple(Upstream("DELETE", f"/volumes/{item['Name']}") for item in idle)

    def answer(statuses: tuple[int, ...]) -> Answer:
        gone = [owner.virtual(item["Name"]) for item, status in zip(idle, statuses, strict=True) if status == 204]
        return answer_json({"VolumesDeleted": gone or None, "SpaceReclaimed": 0})

    return Several(requests, answer)
