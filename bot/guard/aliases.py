"""A container's endpoint on a network: its aliases are the learner's, all else is the engine's."""

from __future__ import annotations

import re
from typing import Any

from bot.guard.rules import Table, read_fields, refused, words
from bot.guard.verdict import Refused

MAX_ALIASES = 8

_ALIAS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", re.ASCII)

ENDPOINT: Table = {
    "Aliases": words(MAX_ALIASES, 63),
    "IPAMConfig": refused("endpoint"),
    "Links": refused("link"),
    "DriverOpts": refused("endpoint"),
    "MacAddress": refused("mac-address"),
    "GwPriority": refused("endpoint"),
    "NetworkID": refused("endpoint"),
    "EndpointID": refused("endpoint"),
    "Gateway": refused("endpoint"),
    "IPAddress": refused("endpoint"),
    "IPPrefixLen": refused("endpoint"),
    "IPv6Gateway": refused("endpoint"),
    "GlobalIPv6Address": refused("endpoint"),
    "GlobalIPv6PrefixLen": refused("endpoint"),
    "DNSNames": refused("endpoint"),
}


def aliases(endpoint: Any) -> list[str]:
    """The aliases that an EndpointConfig asks for; raises Refused for anything else in it."""
    found: list[str] = read_fields(endpoint, ENDPOINT, "EndpointConfig")["Aliases"] or []
    for alias in found:
        if not _ALIAS.fullmatch(alias):
            raise Refused(400, "bad-alias", f"invalid network alias: {alias!r}")
    return found
