"""`GET /events`: the engine's stream, line by line; what is not the lab's own never passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bot.guard import facts as ask
from bot.guard.call import Call
from bot.guard.container_views import shown_labels
from bot.guard.facts import Facts
from bot.guard.filters import Filters, has_label, read_filters
from bot.guard.network_mode import BRIDGE
from bot.guard.owner import IMAGE_LABEL, Owner
from bot.guard.parameters import listed, time
from bot.guard.verdict import Carry, Forward, Reply, Upstream, Verdict, to_json

Item = dict[str, Any]

KINDS = ("container", "network", "volume")
MAX_REMEMBERED = 4096
"""Containers seen in one stream; more than a lab makes in its lifetime."""


def engine_events(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    """The client's filters are answered here; the engine gets only times and the kinds of objects."""
    known = ("type", "event", "container", "image", "label", "network", "volume", "scope", "daemon")
    filters = read_filters(call.query, known)
    facts.require(ask.containers(owner), ask.networks(owner), ask.volumes(owner))
    times = listed(call.query, {"since": time, "until": time})
    kinds = json.dumps({"type": list(KINDS)}, separators=(",", ":"))
    view = EventView(owner, facts, filters)
    request = Upstream("GET", "/events", (*times, ("filters", kinds)))
    return Forward(request, Reply(Carry.STREAM, lines=view.line, counted=True))


class EventView:
    """Remembers what is the lab's own, by full id, and rebuilds each of its events in the lab's names."""

    def __init__(self, owner: Owner, facts: Facts, filters: Filters) -> None:
        self._owner = owner
        self._filters = filters
        self._containers = {item["Id"] for item in facts.containers()}
        self._networks = {item["Id"] for item in facts.networks()}
        self._volumes = {item["Name"] for item in facts.volumes()}

    def line(self, data: bytes) -> bytes | None:
        """The client's line for the engine's, or None."""
        if not data.strip():
            return None
        event: Item = json.loads(data)
        actor = event.get("Actor") or {}
        attributes = dict(actor.get("Attributes") or {})
        self._learn(event, actor, attributes)
        if not self._own(event, actor, attributes):
            return None
        shown = self._shown(event, actor, attributes)
        return to_json(shown) if self._wanted(shown) else None

    def _learn(self, event: Item, actor: Item, attributes: Item) -> None:
        """New objects of the lab: a container says so by its labels, a network or volume by its name."""
        if len(self._containers) > MAX_REMEMBERED:
            self._containers.clear()
        if event.get("Type") == "container" and self._owner.has(attributes):
            self._containers.add(actor.get("ID"))
        prefixed = str(attributes.get("name", "")).startswith(self._owner.prefix)
        if event.get("Type") == "network" and prefixed:
            self._networks.add(actor.get("ID"))
        if event.get("Type") == "volume" and str(actor.get("ID", "")).startswith(self._owner.prefix):
            self._volumes.add(actor.get("ID"))

    def _own(self, event: Item, actor: Item, attributes: Item) -> bool:
        kind, identity = event.get("Type"), actor.get("ID")
        if kind == "container":
            return identity in self._containers
        container = attributes.get("container")
        if container is not None and container not in self._containers:
            return False
        return identity in (self._networks if kind == "network" else self._volumes if kind == "volume" else ())

    def _shown(self, event: Item, actor: Item, attributes: Item) -> Item:
        image = attributes.get(IMAGE_LABEL)
        attributes = shown_labels(attributes)
        if image is not None:
            attributes["image"] = image
        if "name" in attributes:
            own = event["Type"] == "network" and actor["ID"] == self._owner.network
            attributes["name"] = BRIDGE if own else self._owner.virtual(attributes["name"])
        identity = self._owner.virtual(actor["ID"])
        kept = {key: event[key] for key in ("Type", "Action", "scope", "time", "timeNano") if key in event}
        old: Item = {key: event[key] for key in ("status", "id") if key in event}
        if image is not None and "from" in event:
            old["from"] = image
        return old | kept | {"Actor": {"ID": identity, "Attributes": attributes}}

    def _wanted(self, event: Item) -> bool:
        """The client's filters, with the engine's meaning."""
        attributes = event["Actor"]["Attributes"]
        named = (event["Actor"]["ID"], attributes.get("name", ""))
        action = str(event.get("Action", ""))
        tests: dict[str, Callable[[str], bool]] = {
            "type": lambda value: value == event["Type"],
            "event": lambda value: action == value or action.partition(":")[0] == value,
            "image": lambda value: value == attributes.get("image"),
            "scope": lambda value: value == "local",
            "daemon": lambda value: False,
        }
        for key, values in self._filters.items():
            if key == "label":
                if not all(has_label(attributes, value) for value in values):
                    return False
            elif key in KINDS:
                if event["Type"] != key or not any(value in named or named[0].startswith(value) for value in values):
                    return False
            elif not any(tests[key](value) for value in values):
                return False
        return True
