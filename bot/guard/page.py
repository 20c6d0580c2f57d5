"""The page about every endpoint, made from the table of routes: `python -m bot.guard.page > deploy/ENDPOINTS.md`."""

from __future__ import annotations

import re
from types import MappingProxyType

from bot.guard.call import NEWEST, OLDEST, Call
from bot.guard.decide import decide
from bot.guard.owner import Owner
from bot.guard.routes import ROUTES, Route
from bot.guard.verdict import Refuse
from bot.identity import LabId

HEAD = f"""\
# Every endpoint, and what a lab gets of it

A lab's `docker` speaks to the gate, never to the engine. Each call is looked up in one table (`bot/guard/routes.py`),
from which this page is made (`python -m bot.guard.page > deploy/ENDPOINTS.md`; a test says whether it is current).
What is not here is answered `404 page not found`, and the engine is not called: `/debug`, `/metrics`, `OPTIONS`,
calls of API versions below 1.{OLDEST} and above 1.{NEWEST} (400), and paths with escapes, dots or empty parts.

Nothing that a client wrote reaches the engine. A request upstream is built anew: always `/v1.{NEWEST}`, the full id of
an object of the lab's own, the listed parameters, a body from the table of fields, on a connection of its own.

| | |
|---|---|
| S | the reference is resolved in the lab's own list to a full id; foreign objects are Docker's "No such …" |
| R | the request is read by a table of fields and built anew with the forced settings |
| F | the engine's answer is rebuilt in the lab's names; what it says of the host is left out |
| Y | the answer is made by the gate; the engine is asked for facts at most |
| D | refused, with this sentence; the engine is not called |
"""

NOTES = MappingProxyType(
    {
        "GET HEAD /_ping": "the API version; no BuildKit and no swarm, so that the CLI does not try them",
        "GET /version": "engine version and platform; nothing of the host's kernel",
        "GET /info": "counts of the lab's own objects and its limits",
        "GET /system/df": "from the lab's own lists; the engine does not walk its disks",
        "GET /events": "the engine is asked for kinds and times; a line passes if it is about the lab's own objects",
        "GET /containers/json": "filters are translated, the lab's label is one of them, the answer is checked again",
        "POST /containers/create": "every field has a rule; image pinned by id, ports are virtual, settings forced",
        "POST /containers/prune": "the lab's own ended containers, removed one by one",
        "GET /containers/{id}/json": "no path, process id or profile of the host",
        "GET /containers/{id}/top": "`ps_args` from a fixed list",
        "GET /containers/{id}/logs": "at most 10,000 lines back; a stream with back-pressure",
        "GET /containers/{id}/changes": "one at a time in a lab: the engine walks the container's files",
        "GET /containers/{id}/stats": "the container's name is the learner's",
        "POST /containers/{id}/resize": "sides up to 1000",
        "POST /containers/{id}/start": "no body, no checkpoint; the lab's ports are reserved first",
        "POST /containers/{id}/stop": "waits at most 10 seconds",
        "POST /containers/{id}/restart": "waits at most 10 seconds; the lab's ports are reserved first",
        "POST /containers/{id}/kill": "signals from a list, by name",
        "POST /containers/{id}/update": "a restart policy within the bounds, if made with one; every limit stays",
        "POST /containers/{id}/rename": "the name gets the lab's prefix; names that look like ids are refused",
        "POST /containers/{id}/pause": "",
        "POST /containers/{id}/unpause": "",
        "POST /containers/{id}/attach": "raw bytes once the engine itself has switched; counted",
        "POST /containers/{id}/wait": "the head of the answer goes out at once",
        "DELETE /containers/{id}": "`force` and `v` alone",
        "GET HEAD /containers/{id}/archive": "no path under /proc, /sys, /dev; no running container with mounts; "
        "up to 64 MiB, kept by the gate until the engine has said all; nothing in the lab runs meanwhile",
        "PUT /containers/{id}/archive": "as above; a plain tar up to 64 MiB, 16 MiB a file, and 10,000 entries, "
        "without device files, no file or link for a folder; kept by the gate until the client has said all",
        "POST /containers/{id}/exec": "a table of fields of its own; never privileged; counted",
        "POST /exec/{id}/start": "a full id, in a container of the lab's; the terminal setting is the created one",
        "POST /exec/{id}/resize": "sides up to 1000",
        "GET /exec/{id}/json": "no process id of the host",
        "GET /images/json": "what is on the lab's shelf, under the names on the list",
        "POST /images/create": "names on the list alone; an image that the engine holds is answered without a pull",
        "POST /images/prune": "nothing to reclaim",
        "GET /images/{image}/json": "images on the lab's shelf, asked for by id",
        "GET /images/{image}/history": "images on the lab's shelf, asked for by id",
        "DELETE /images/{image}": "takes the name off the lab's shelf; the engine keeps its image",
        "POST /build/prune": "nothing to reclaim",
        "GET /networks": "the lab's own, with its network as `bridge`, and a virtual `none`",
        "POST /networks/create": "an internal bridge, named for the firewall, with the engine's addresses; no options",
        "POST /networks/prune": "the lab's own, removed one by one",
        "GET /networks/{id}": "only the lab's own containers are listed in it",
        "DELETE /networks/{id}": "",
        "POST /networks/{id}/connect": "both must be the lab's own; aliases alone",
        "POST /networks/{id}/disconnect": "both must be the lab's own",
        "GET /volumes": "the lab's own, without their place on the host",
        "POST /volumes/create": "local, without options; the name gets the lab's prefix",
        "POST /volumes/prune": "the lab's own that no container mounts, removed one by one",
        "GET /volumes/{name}": "without its place on the host",
        "DELETE /volumes/{name}": "",
        "GET /plugins": "none",
        "GET /plugins/{image}/json": "none; `docker inspect` asks for every kind of object in turn",
    }
)
"""What the letters do not say, for every row that is not refused."""

_ANYONE = Owner(LabId("0" * 10), "0" * 64, "/", frozenset())


def key(route: Route) -> str:
    return f"{route.methods} {route.path}"


def said(route: Route) -> str:
    """The row's note, or the sentence with which it is refused."""
    if route.decision != "D":
        return NOTES[key(route)]
    path = re.sub(r"\{\w+\}", "x", route.path)
    verdict = decide(Call(route.methods.split()[0], path), _ANYONE, {})
    return verdict.message if isinstance(verdict, Refuse) else ""


def page() -> str:
    """The whole page, in Markdown."""
    rows = [f"| {route.methods} | `{route.path}` | {route.decision} | {said(route)} |" for route in ROUTES]
    return "\n".join([HEAD, "| | path | | |", "|---|---|---|---|", *rows, ""])


if __name__ == "__main__":
    print(page(), end="")
