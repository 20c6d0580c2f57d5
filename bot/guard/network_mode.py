"""Which network a container is put on: one of the lab's own, or none."""

from __future__ import annotations

from typing import Any

from bot.guard.facts import Facts
from bot.guard.names import resolve
from bot.guard.owner import Owner
from bot.guard.refusals import refuse

BRIDGE = "bridge"
"""The learner's name for the lab's own network."""
NONE = "none"
HOST = "host"


def network_name(owner: Owner, item: dict[str, Any]) -> str:
    """The virtual name of a network in the engine's list."""
    return BRIDGE if item["Id"] == owner.network else owner.virtual(item["Name"])


def network_mode(owner: Owner, facts: Facts, asked: str) -> str:
    """The engine's NetworkMode for a learner's: a full id or `none`; raises Refused."""
    if asked in ("", "default", BRIDGE):
        return owner.network
    if asked == NONE:
        return NONE
    kind, colon, _ = asked.partition(":")
    if colon:
        raise refuse("network-container" if kind == "container" else "network-host", asked[:40])
    if asked.strip().lower() == HOST:
        raise refuse("network-host")
    return str(resolve(asked, facts.networks(), lambda item: network_name(owner, item), "network")["Id"])
