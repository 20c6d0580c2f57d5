"""Commands in running containers: made with a rebuilt body, started once, on the lab's own containers only."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from bot.guard import facts as ask
from bot.guard.call import Call
from bot.guard.container_fields import environment, working_directory
from bot.guard.containers import own_container
from bot.guard.facts import Facts
from bot.guard.names import FULL_ID, missing
from bot.guard.owner import Owner
from bot.guard.parameters import detach_keys, listed, size
from bot.guard.refusals import refuse
from bot.guard.rules import Table, dropped, flag, read_fields, refused, text, words
from bot.guard.strictjson import read_json
from bot.guard.verdict import Carry, Forward, Refused, Reply, Upstream, Verdict

EXEC: Table = MappingProxyType(
    {
        "Cmd": words(),
        "Env": environment,
        "User": text(128),
        "WorkingDir": working_directory,
        "Tty": flag,
        "AttachStdin": flag,
        "AttachStdout": flag,
        "AttachStderr": flag,
        "DetachKeys": text(64),
        "Detach": flag,
        "Privileged": refused("exec-privileged"),
        "ConsoleSize": dropped,
    }
)
STDERR = b"\x02\0\0\0"
"""The beginning of a frame of a stream without a terminal."""
START: Table = MappingProxyType({"Detach": flag, "Tty": flag, "ConsoleSize": dropped})


def create_exec(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    fields = read_fields(read_json(call.body), EXEC, "body")
    if not fields["Cmd"]:
        raise Refused(400, "no-command", "No exec command specified")
    found = own_container(owner, facts, name)
    live = (facts.get(ask.container(found["Id"])) or {}).get("ExecIDs") or ()
    if len(live) >= owner.limits.execs:
        raise refuse("execs-full", f"{len(live)} of {owner.limits.execs}")
    if fields["DetachKeys"]:
        detach_keys(fields["DetachKeys"])
    body = {
        key: value for key, value in fields.items() if key not in ("Privileged", "ConsoleSize") and value is not None
    }
    request = Upstream("POST", f"/containers/{found['Id']}/exec", (), body | {"Privileged": False})
    reply = Reply(view=lambda item: {"Id": item["Id"]})
    return Forward(request, reply, looks_up_later=bool(fields["User"]), called=(found["Id"], name))


def own_exec(owner: Owner, facts: Facts, identity: str) -> dict[str, Any]:
    """The exec with this full id, if it is in one of the lab's own containers; raises Docker's 404."""
    if not FULL_ID.fullmatch(identity):
        raise missing("exec instance", identity)
    facts.require(ask.execution(identity), ask.containers(owner))
    found: dict[str, Any] | None = facts.get(ask.execution(identity))
    own = {item["Id"] for item in facts.containers()}
    if found is None or found["ContainerID"] not in own:
        raise missing("exec instance", identity)
    return found


def start_exec(call: Call, owner: Owner, facts: Facts, identity: str) -> Verdict:
    fields = read_fields(read_json(call.body), START, "body")
    found = own_exec(owner, facts, identity)
    terminal = bool(found["ProcessConfig"]["tty"])
    if fields["Tty"] != terminal and not fields["Detach"]:
        raise Refused(400, "exec-tty", "the exec was created with another terminal setting than it is started with")
    body = {"Detach": fields["Detach"], "Tty": terminal}
    request = Upstream("POST", f"/exec/{identity}/start", (), body)
    carry = Carry.WHOLE if fields["Detach"] else Carry.HIJACK
    reply = Reply(carry, counted=True, spoken=_spoken(terminal))
    return Forward(request, reply, looks_up=bool(found["ProcessConfig"].get("user")))


def _spoken(terminal: bool) -> Callable[[str], bytes]:
    """As the engine says that a program did not start, for of an answer instead of the stream the CLI shows no more
    than its status; among the program's errors, though, so that nothing takes it for what the program says."""

    def spoken(text: str) -> bytes:
        line = text.encode() + b"\r\n"
        return line if terminal else STDERR + len(line).to_bytes(4, "big") + line

    return spoken


def resize_exec(call: Call, owner: Owner, facts: Facts, identity: str) -> Verdict:
    own_exec(owner, facts, identity)
    return Forward(Upstream("POST", f"/exec/{identity}/resize", listed(call.query, {"h": size, "w": size})))


def inspect_exec(call: Call, owner: Owner, facts: Facts, identity: str) -> Verdict:
    own_exec(owner, facts, identity)
    request = Upstream("GET", f"/exec/{identity}/json")
    return Forward(request, Reply(view=lambda item: item | {"Pid": 1 if item.get("Running") else 0}))
