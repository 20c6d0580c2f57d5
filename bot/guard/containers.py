"""Calls on containers: each reference becomes a full id of the lab's own, each request is built anew."""

from __future__ import annotations

import re
from typing import Any

from bot.guard import container_views as views
from bot.guard import facts as ask
from bot.guard import ports
from bot.guard.call import Call, flag
from bot.guard.container_fields import restart_policy
from bot.guard.facts import Facts
from bot.guard.filters import name_filter, prunable, read_filters, refuse_until, written
from bot.guard.forced import STOP_SECONDS
from bot.guard.images import find_local
from bot.guard.names import container_name, new_name, resolve
from bot.guard.network_mode import network_mode, network_name
from bot.guard.owner import LAB_LABEL, RESTARTS_LABEL, Owner
from bot.guard.parameters import bad_parameter, listed, one_of, size
from bot.guard.refusals import refuse
from bot.guard.rules import read_fields
from bot.guard.signals import signal
from bot.guard.strictjson import is_zero, read_json
from bot.guard.verdict import Answer, Carry, Forward, Refused, Reply, Several, Upstream, Verdict, answer_json

Item = dict[str, Any]

TOP_ARGUMENTS = ("", "-ef", "ef", "aux", "-aux", "-eo pid,comm", "-o pid,comm", "-o pid,cmd", "-eo pid,cmd", "o pid")
"""The engine runs the host's `ps` with these words, so only known ones pass."""
LIST_FILTERS = ("status", "name", "id", "label", "exited", "health", "ancestor", "network", "volume", "before", "since")
PORT_FILTERS = ("publish", "expose")
"""Answered here: host ports are the lab's own, and the engine knows none of them."""


def own_container(owner: Owner, facts: Facts, reference: str) -> Item:
    """The lab's container that a reference means; raises Docker's 404."""
    found: Item = resolve(reference, facts.meant(reference), lambda item: container_name(owner, item), "container")
    return found


def list_containers(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    filters = read_filters(call.query, (*LIST_FILTERS, *PORT_FILTERS))
    keeps_name = name_filter(filters.get("name", ()))
    keeps_ports = ports.port_filter(filters.get("publish", ()), filters.get("expose", ()))
    wanted: dict[str, Any] = {"label": [f"{LAB_LABEL}={owner.lab}"]}
    for key, values in filters.items():
        if key in PORT_FILTERS:
            continue
        wanted[key] = [*wanted.get(key, ()), *_upstream_filter(owner, facts, key, values)]
    if "" in wanted.get("ancestor", ()):
        return answer_json([])
    limit = call.query.get("limit", "")
    if not re.fullmatch(r"(?:-1|[0-9]{0,4})", limit, re.ASCII):
        raise bad_parameter("limit")
    every = flag(call.query.get("all")) or limit not in ("", "0", "-1")
    query = ((("all", "1"),) if every else ()) + (written(wanted),)

    def view(items: list[Item]) -> list[Item]:
        shown = [views.list_item(owner, item) for item in items if owner.has(item["Labels"])]
        own = [item for item in shown if keeps_ports(item["Ports"]) and keeps_name(item["Names"])]
        sized = [item | {"SizeRw": 0, "SizeRootFs": 0} for item in own] if flag(call.query.get("size")) else own
        return sized[: int(limit)] if limit not in ("", "0", "-1") else sized

    return Forward(Upstream("GET", "/containers/json", query), Reply(view=view))


def _upstream_filter(owner: Owner, facts: Facts, key: str, values: tuple[str, ...]) -> list[str]:
    """A filter's values in the engine's names; values are matched by the engine's RE2 or compared, never by `re`."""
    if key == "network":
        return [each for value in values for each in _network_names(owner, facts, value)]
    if key == "volume":
        return [owner.prefix + value if not value.startswith("/") else value for value in values]
    if key in ("before", "since"):
        return [_beside(owner, facts, value) for value in values]
    if key == "ancestor":
        images = [find_local(facts, value) for value in values]
        return [image.identity if image else "" for image in images]
    if key == "name":
        return [_name_pattern(owner, value) for value in values]
    return list(values)


def _network_names(owner: Owner, facts: Facts, value: str) -> list[str]:
    """A network's id, and its name on the engine: a container that never started has no id of its network yet."""
    mode = network_mode(owner, facts, value)
    return [mode, *(item["Name"] for item in facts.networks() if item["Id"] == mode)]


def _beside(owner: Owner, facts: Facts, reference: str) -> str:
    try:
        return str(own_container(owner, facts, reference)["Id"])
    except Refused:
        # In a filter the engine has other words for it.
        raise Refused(404, "no-container", f"no such container {reference}") from None


def _name_pattern(owner: Owner, value: str) -> str:
    """`^/?web` → `^/?(lab-<id>\\.)?web`: the engine matches the real name."""
    match = re.match(r"\^?/?", value)
    anchor = match[0] if match else ""
    prefix = f"({re.escape(owner.prefix)})?" if anchor else ""
    return anchor + prefix + value[len(anchor) :]


def inspect_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    facts.require(ask.meant(owner, name), ask.networks(owner))
    found = own_container(owner, facts, name)
    names = {item["Id"]: network_name(owner, item) for item in facts.networks()}
    request = Upstream("GET", f"/containers/{found['Id']}/json")
    sized = {"SizeRw": 0, "SizeRootFs": 0} if flag(call.query.get("size")) else {}
    return Forward(request, Reply(view=lambda item: views.detail(owner, item, names) | sized))


def start_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    if call.query.get("checkpoint") or call.query.get("checkpoint-dir"):
        raise refuse("checkpoint")
    found = own_container(owner, facts, name)
    if found["State"] not in ports.HOLDING:
        _refuse_ports_taken(owner, facts, found)
    return Forward(Upstream("POST", f"/containers/{found['Id']}/start"), started=found["Id"])


def _refuse_ports_taken(owner: Owner, facts: Facts, found: Item) -> None:
    if ports.of_labels(found["Labels"]):
        ports.refuse_if_taken(found, container_name(owner, found), facts.containers())


def _seconds(call: Call) -> tuple[tuple[str, str], ...]:
    text = call.query.get("t", "")
    if not text:
        return ()
    if not re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII):
        raise bad_parameter("t")
    number = int(text)
    return (("t", str(STOP_SECONDS if number < 0 else min(number, STOP_SECONDS))),)


def stop_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_container(owner, facts, name)
    request = Upstream("POST", f"/containers/{found['Id']}/stop", _seconds(call))
    return Forward(request, gone=found["Id"])


def restart_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_container(owner, facts, name)
    runs = found["State"] in ports.HOLDING
    if not runs:
        _refuse_ports_taken(owner, facts, found)
    request = Upstream("POST", f"/containers/{found['Id']}/restart", _seconds(call))
    return Forward(request, started=found["Id"], stops_first=runs)


def kill_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_container(owner, facts, name)
    asked = signal(call.query.get("signal", "")) or "SIGKILL"
    request = Upstream("POST", f"/containers/{found['Id']}/kill", (("signal", asked),))
    return Forward(request, gone=found["Id"] if asked == "SIGKILL" else None, called=(found["Id"], name))


def pause_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    return Forward(Upstream("POST", f"/containers/{own_container(owner, facts, name)['Id']}/pause"))


def unpause_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    return Forward(Upstream("POST", f"/containers/{own_container(owner, facts, name)['Id']}/unpause"))


def rename_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_container(owner, facts, name)
    wanted = call.query.get("name", "")
    if not wanted:
        raise Refused(400, "bad-name", "Neither old nor new names may be empty")
    new = new_name(wanted, "container")
    for item in facts.containers():
        if container_name(owner, item) == new:
            message = f'Conflict. The container name "/{new}" is already in use by container "{item["Id"]}"'
            advice = "You have to remove (or rename) that container to be able to reuse that name."
            raise Refused(409, "name-in-use", f"Error when allocating new name: {message}. {advice}")
    return Forward(Upstream("POST", f"/containers/{found['Id']}/rename", (("name", owner.prefix + new),)))


def resize_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_container(owner, facts, name)
    sides = listed(call.query, {"h": size, "w": size})
    return Forward(Upstream("POST", f"/containers/{found['Id']}/resize", sides))


def wait_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    """The head goes out at once: the CLI asks to wait before it starts the container."""
    found = own_container(owner, facts, name)
    query = listed(call.query, {"condition": one_of("not-running", "next-exit", "removed")})
    return Forward(Upstream("POST", f"/containers/{found['Id']}/wait", query), Reply(Carry.STREAM))


def remove_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    if flag(call.query.get("link")):
        raise refuse("link")
    found = own_container(owner, facts, name)
    query = tuple((key, "1") for key in ("force", "v") if flag(call.query.get(key)))
    return Forward(Upstream("DELETE", f"/containers/{found['Id']}", query), gone=found["Id"])


def top_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_container(owner, facts, name)
    arguments = call.query.get("ps_args", "")
    if arguments not in TOP_ARGUMENTS:
        raise Refused(400, "top", "docker top takes -ef or aux in this lab")
    query = (("ps_args", arguments),) if arguments else ()
    return Forward(Upstream("GET", f"/containers/{found['Id']}/top", query))


def container_changes(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    found = own_container(owner, facts, name)
    return Forward(Upstream("GET", f"/containers/{found['Id']}/changes"), paced=True)


def update_container(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    """Only a restart policy within the bounds; limits are set once, at create."""
    found = own_container(owner, facts, name)
    body = read_json(call.body)
    for key, value in body.items():
        if key != "RestartPolicy" and not is_zero(value):
            raise refuse("update", key[:40])
    policy = read_fields(body, {"RestartPolicy": restart_policy}, "body")["RestartPolicy"]
    if is_zero(body.get("RestartPolicy")):
        raise refuse("update")
    if policy["Name"] != "no" and RESTARTS_LABEL not in found["Labels"]:
        raise refuse("restart-late")
    return Forward(Upstream("POST", f"/containers/{found['Id']}/update", (), {"RestartPolicy": policy}))


def prune_containers(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    filters = read_filters(call.query, ("label", "label!", "until"))
    refuse_until(filters)
    ended = [item for item in facts.containers() if item["State"] in ("created", "exited", "dead")]
    stopped = [item for item in ended if prunable(item["Labels"], filters)]
    requests = tuple(Upstream("DELETE", f"/containers/{item['Id']}") for item in stopped)

    def answer(statuses: tuple[int, ...]) -> Answer:
        gone = [item["Id"] for item, status in zip(stopped, statuses, strict=True) if status == 204]
        return answer_json({"ContainersDeleted": gone or None, "SpaceReclaimed": 0})

    return Several(requests, answer, gone=tuple(item["Id"] for item in stopped))
