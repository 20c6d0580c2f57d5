"""Calls whose answer is a stream: logs, attach, stats, archive."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.guard.call import Call, flag
from bot.guard.containers import own_container
from bot.guard.facts import Facts
from bot.guard.owner import Owner
from bot.guard.parameters import boolean, detach_keys, listed, tail, time
from bot.guard.refusals import refuse
from bot.guard.verdict import Carry, Forward, Reply, Upstream, Verdict, to_json

LOGS = {
    "follow": boolean,
    "stdout": boolean,
    "stderr": boolean,
    "since": time,
    "until": time,
    "timestamps": boolean,
    "details": boolean,
    "tail": tail,
}
ATTACH = {
    "stream": boolean,
    "logs": boolean,
    "stdin": boolean,
    "stdout": boolean,
    "stderr": boolean,
    "detachKeys": detach_keys,
}
MAX_PATH = 4096
MAX_ARCHIVE = 64 * 1024 * 1024
"""What `docker cp` takes out of a container; as much goes in."""

_CLOSED = re.compile(r"/(?:proc|sys|dev)(?:/.*)?", re.ASCII | re.DOTALL)


def container_logs(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_container(owner, facts, name)
    query = listed(call.query, LOGS)
    follows = ("follow", "1") in query
    return Forward(Upstream("GET", f"/containers/{found['Id']}/logs", query), Reply(Carry.STREAM, counted=follows))


def attach_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_container(owner, facts, name)
    request = Upstream("POST", f"/containers/{found['Id']}/attach", listed(call.query, ATTACH))
    return Forward(request, Reply(Carry.HIJACK, counted=True))


def container_stats(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_container(owner, facts, name)
    follows = flag(call.query.get("stream", "1"))
    one_shot = ("one-shot", "1") if flag(call.query.get("one-shot")) and not follows else None
    query = (("stream", "1" if follows else "0"), *((one_shot,) if one_shot else ()))

    def line(data: bytes) -> bytes:
        item: dict[str, Any] = json.loads(data)
        return to_json(item | {"name": "/" + owner.virtual(item.get("name", ""))})

    request = Upstream("GET", f"/containers/{found['Id']}/stats", query)
    # Also one look takes the engine two seconds: it measures the processor twice.
    return Forward(request, Reply(Carry.STREAM, lines=line, counted=True))


def _archive(call: Call, owner: Owner, facts: Facts, name: str) -> tuple[str, str]:
    """The container's id and the path in it.

    A running container with mounts is refused: the engine mounts its volumes again for the copy, under the hands of
    the processes inside (CVE-2026-41568 and CVE-2026-42306 are races there).
    """
    found = own_container(owner, facts, name)
    path = call.query.get("path", "")
    if not path or len(path) > MAX_PATH or any(letter < " " for letter in path):
        raise refuse("copy-path", "a path is needed", 400)
    parts = [part for part in path.split("/") if part and part != "."]
    if ".." in parts or _CLOSED.fullmatch("/" + "/".join(parts)):
        raise refuse("copy-path", path[:60])
    if found["State"] in ("running", "paused", "restarting") and found["Mounts"]:
        raise refuse("copy-running")
    return found["Id"], path


def read_archive(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    identity, path = _archive(call, owner, facts, name)
    request = Upstream(call.method, f"/containers/{identity}/archive", (("path", path),))
    reply = Reply(Carry.ARCHIVE, counted=call.method == "GET")
    return Forward(request, reply, still=True, called=(identity, name))


def write_archive(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    """No folder is replaced by a file or link, as the CLI asks by itself: with a link for /etc or /dev, what the engine
    and runc mount in there at the next start would be mounted in a folder that another container may share."""
    identity, path = _archive(call, owner, facts, name)
    options = listed(call.query, {"copyUIDGID": boolean})
    query = (("path", path), ("noOverwriteDirNonDir", "1"), *options)
    request = Upstream("PUT", f"/containers/{identity}/archive", query)
    return Forward(request, Reply(Carry.UPLOAD, counted=True), still=True, called=(identity, name))
