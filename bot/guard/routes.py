"""The table of routes: every call that a lab may make, and every one that it is taught about. All else is 404.

Decisions, as the column says:
  S  the reference is resolved in the lab's own list to a full id, else Docker's own "No such …"
  R  the request's body is read by a table of fields and built anew with the forced settings
  F  the engine's answer is rebuilt in the lab's names
  Y  the answer is made here; the engine is asked for facts at most
  D  refused, with the sentence that teaches
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.guard import containers, create, events, execs, host, images, networks, streams, volumes
from bot.guard.call import Call
from bot.guard.facts import Facts
from bot.guard.owner import Owner
from bot.guard.refusals import refuse
from bot.guard.verdict import Verdict

Handler = Callable[[Call, Owner, Facts, str], Verdict]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table."""

    methods: str
    path: str
    decision: str
    handler: Handler
    body: str = "none"
    """`none`, `json`, or `tar`."""
    exclusive: bool = False
    """One at a time in a lab: what is counted or reserved in it must not change in between."""
    costly: bool = False
    """Makes the engine start a program, or keep something of its own for a while after it is gone: a few at once, then
    some in each second."""


def denied(feature: str) -> Handler:
    """A handler that refuses with the feature's sentence."""

    def handler(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
        raise refuse(feature, status=503 if feature == "swarm" else 403)

    return handler


ROUTES = (
    Route("GET HEAD", "/_ping", "Y", host.ping),
    Route("GET", "/version", "F", host.version),
    Route("GET", "/info", "Y", host.info),
    Route("GET", "/system/df", "Y", host.disk_usage),
    Route("GET", "/events", "F", events.engine_events),
    Route("POST", "/auth", "D", denied("login"), "json"),
    # Containers
    Route("GET", "/containers/json", "F", containers.list_containers),
    Route("POST", "/containers/create", "R F", create.create_container, "json", exclusive=True, costly=True),
    Route("POST", "/containers/prune", "Y", containers.prune_containers, exclusive=True),
    Route("GET", "/containers/{id}/json", "S F", containers.inspect_container),
    Route("GET", "/containers/{id}/top", "S", containers.top_container, costly=True),
    Route("GET", "/containers/{id}/logs", "S", streams.container_logs),
    Route("GET", "/containers/{id}/changes", "S", containers.container_changes),
    Route("GET", "/containers/{id}/stats", "S F", streams.container_stats),
    Route("POST", "/containers/{id}/resize", "S", containers.resize_container),
    Route("POST", "/containers/{id}/start", "S", containers.start_container, exclusive=True),
    Route("POST", "/containers/{id}/stop", "S", containers.stop_container),
    Route("POST", "/containers/{id}/restart", "S", containers.restart_container, exclusive=True),
    Route("POST", "/containers/{id}/kill", "S", containers.kill_container),
    Route("POST", "/containers/{id}/update", "S R", containers.update_container, "json"),
    Route("POST", "/containers/{id}/rename", "S", containers.rename_container, exclusive=True),
    Route("POST", "/containers/{id}/pause", "S", containers.pause_container),
    Route("POST", "/containers/{id}/unpause", "S", containers.unpause_container),
    Route("POST", "/containers/{id}/attach", "S", streams.attach_container),
    Route("GET", "/containers/{id}/attach/ws", "D", denied("websocket-attach")),
    Route("POST", "/containers/{id}/wait", "S", containers.wait_container),
    Route("DELETE", "/containers/{id}", "S", containers.remove_container),
    Route("GET HEAD", "/containers/{id}/archive", "S", streams.read_archive),
    Route("PUT", "/containers/{id}/archive", "S", streams.write_archive, "tar"),
    Route("POST", "/containers/{id}/exec", "S R", execs.create_exec, "json", exclusive=True, costly=True),
    Route("GET", "/containers/{id}/export", "D", denied("image-save")),
    Route("GET POST", "/containers/{id}/checkpoints", "D", denied("checkpoint"), "json"),
    Route("DELETE", "/containers/{id}/checkpoints/{name}", "D", denied("checkpoint")),
    # Execs
    Route("POST", "/exec/{id}/start", "S R", execs.start_exec, "json", costly=True),
    Route("POST", "/exec/{id}/resize", "S", execs.resize_exec),
    Route("GET", "/exec/{id}/json", "S F", execs.inspect_exec),
    # Images
    Route("GET", "/images/json", "Y", images.list_images),
    Route("POST", "/images/create", "R Y", images.pull_image),
    Route("GET", "/images/search", "D", denied("registry")),
    Route("GET", "/images/get", "D", denied("image-save")),
    Route("POST", "/images/load", "D", denied("image-load"), "tar"),
    Route("POST", "/images/prune", "Y", host.prune_nothing),
    Route("GET", "/images/{image}/json", "S F", images.inspect_image),
    Route("GET", "/images/{image}/history", "S F", images.image_history),
    Route("DELETE", "/images/{image}", "Y", images.remove_image, exclusive=True),
    Route("GET", "/images/{image}/get", "D", denied("image-save")),
    Route("GET", "/images/{image}/attestations", "D", denied("registry")),
    Route("POST", "/images/{image}/tag", "D", denied("image-tag")),
    Route("POST", "/images/{image}/push", "D", denied("image-push")),
    Route("POST", "/commit", "D", denied("commit"), "json"),
    Route("GET", "/distribution/{image}/json", "D", denied("registry")),
    Route("POST", "/build", "D", denied("build"), "tar"),
    Route("POST", "/build/cancel", "D", denied("build")),
    Route("POST", "/build/prune", "Y", host.prune_nothing),
    Route("POST", "/session", "D", denied("build")),
    Route("POST", "/grpc", "D", denied("build")),
    # Networks
    Route("GET", "/networks", "Y", networks.list_networks),
    Route("POST", "/networks/create", "R", networks.create_network, "json", exclusive=True),
    Route("POST", "/networks/prune", "Y", networks.prune_networks, exclusive=True),
    Route("GET", "/networks/{id}", "S F", networks.inspect_network),
    Route("DELETE", "/networks/{id}", "S", networks.remove_network),
    Route("POST", "/networks/{id}/connect", "S R", networks.connect, "json", exclusive=True),
    Route("POST", "/networks/{id}/disconnect", "S R", networks.disconnect, "json", exclusive=True),
    # Volumes
    Route("GET", "/volumes", "Y", volumes.list_volumes),
    Route("POST", "/volumes/create", "R F", volumes.create_volume, "json", exclusive=True),
    Route("POST", "/volumes/prune", "Y", volumes.prune_volumes, exclusive=True),
    Route("GET", "/volumes/{name}", "Y", volumes.inspect_volume),
    Route("PUT", "/volumes/{name}", "D", denied("volume-driver"), "json"),
    Route("DELETE", "/volumes/{name}", "S", volumes.remove_volume),
    # What this engine has and labs do not
    Route("GET", "/plugins", "Y", host.no_plugins),
    Route("GET", "/plugins/{image}/json", "Y", host.no_plugin),
    Route("GET POST DELETE", "/plugins/{rest}", "D", denied("plugins"), "json"),
    *(
        Route("GET POST DELETE", path, "D", denied("swarm"), "json")
        for part in ("swarm", "nodes", "services", "tasks", "secrets", "configs")
        for path in (f"/{part}", f"/{part}/{{rest}}")
    ),
)

_ONE = r"([A-Za-z0-9][A-Za-z0-9_.-]*)"
_PLACES = {"id": _ONE, "name": _ONE}
_MANY = r"([A-Za-z0-9][A-Za-z0-9_.:@/-]*)"
"""Image names have slashes, colons and `@`; the rest of a refused path may be anything that a path may be."""


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", lambda match: _PLACES.get(match[1], _MANY), path), re.ASCII)


_TABLE = tuple((frozenset(route.methods.split()), _pattern(route.path), route) for route in ROUTES)


def find_route(method: str, path: str) -> tuple[Route, str] | None:
    """The row for a call and the reference in its path; the first row that fits, as the table reads from the top."""
    for methods, pattern, route in _TABLE:
        match = pattern.fullmatch(path) if method in methods else None
        if match is not None:
            return route, match[1] if match.lastindex else ""
    return None
