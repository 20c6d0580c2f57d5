"""`POST /containers/create`: read by the table of fields, rebuilt from nothing with the forced settings."""

from __future__ import annotations

from typing import Any

from bot.guard import facts as ask
from bot.guard import forced, ports
from bot.guard.aliases import aliases
from bot.guard.call import Call
from bot.guard.container_fields import CONFIG, host_config_table
from bot.guard.facts import Facts
from bot.guard.images import require_local
from bot.guard.mounts import Mount, together
from bot.guard.names import container_name, new_name
from bot.guard.network_mode import NONE, network_mode
from bot.guard.owner import IMAGE_LABEL, RESTARTS_LABEL, Owner
from bot.guard.references import normalise
from bot.guard.refusals import refuse
from bot.guard.rules import read_fields, wrong_shape
from bot.guard.strictjson import read_json
from bot.guard.verdict import Forward, Refused, Reply, Upstream, Verdict

Fields = dict[str, Any]

ASKED = (
    "Hostname",
    "User",
    "Tty",
    "OpenStdin",
    "StdinOnce",
    "AttachStdin",
    "AttachStdout",
    "AttachStderr",
    "Env",
    "Cmd",
    "Entrypoint",
    "WorkingDir",
    "StopSignal",
    "StopTimeout",
    "Healthcheck",
)
"""Fields whose checked values travel as they are."""


def create_container(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    body = read_json(call.body)
    config = read_fields(body, CONFIG, "body")
    host = read_fields(body.get("HostConfig"), host_config_table(owner.limits), "HostConfig")
    name = new_name(call.query["name"], "container") if call.query.get("name") else ""
    if not config["Image"]:
        raise Refused(400, "no-image-named", "config cannot be empty in order to create a container")
    facts.require(ask.SHELF, ask.IMAGES, ask.containers(owner), ask.networks(owner), ask.volumes(owner))
    containers = facts.containers()
    _refuse_name_in_use(owner, name, containers)
    if len(containers) >= owner.limits.containers:
        raise refuse("containers-full", f"{len(containers)} of {owner.limits.containers}")
    restarts = host["RestartPolicy"]["Name"] != "no"
    if restarts:
        _refuse_too_many_restarting(owner, containers)
    image = require_local(facts, config["Image"])
    detail = (facts.get(ask.image(image.identity)) or {}).get("Config") or {}
    mounts = together(host["Mounts"] + host["Binds"] + host["Tmpfs"] + config["Volumes"], detail.get("Volumes") or ())
    _refuse_too_many_volumes(owner, facts, mounts)
    exposed = {*config["ExposedPorts"], *ports.readable(detail.get("ExposedPorts") or ())}
    wanted = ports.assigned(host["PortBindings"], exposed if host["PublishAllPorts"] else (), containers)
    own_labels = {IMAGE_LABEL: _written(config["Image"])} | ({RESTARTS_LABEL: "1"} if restarts else {}) | owner.labels()
    labels = ports.labels(wanted, exposed, host["PublishAllPorts"]) | own_labels
    upstream = _config(config, image.identity, labels, wanted)
    upstream["HostConfig"] = _host_config(owner, host, mounts)
    upstream["HostConfig"]["NetworkMode"], endpoints = _network(owner, facts, body, host["NetworkMode"], name)
    upstream["NetworkingConfig"] = {"EndpointsConfig": endpoints}
    query = (("name", owner.prefix + name),) if name else ()
    request = Upstream("POST", "/containers/create", query, upstream)
    # The engine copies the image's files into an empty volume, which a running container may have as well.
    return Forward(request, Reply(view=_created), still=any(not mount.tmpfs_bytes for mount in mounts))


def _created(item: Any) -> Any:
    """The id, and no warnings: they would be about what the lab forces."""
    return {"Id": item["Id"], "Warnings": []}


def _written(image: str) -> str:
    """The name as the learner wrote it; the default tag is not shown, as `docker container ls` has it."""
    return image if "@" in image or image.startswith("sha256:") else image.removesuffix(":latest") or normalise(image)


def _refuse_name_in_use(owner: Owner, name: str, containers: list[dict[str, Any]]) -> None:
    for item in containers:
        if name and container_name(owner, item) == name:
            message = f'The container name "/{name}" is already in use by container "{item["Id"]}"'
            advice = "You have to remove (or rename) that container to be able to reuse that name."
            raise Refused(409, "name-in-use", f"Conflict. {message}. {advice}")


def _refuse_too_many_restarting(owner: Owner, containers: list[dict[str, Any]]) -> None:
    found = sum(RESTARTS_LABEL in item["Labels"] for item in containers)
    if found >= owner.limits.restarting:
        raise refuse("restarts-full", f"{found} of {owner.limits.restarting}")


def _refuse_too_many_volumes(owner: Owner, facts: Facts, mounts: tuple[Mount, ...]) -> None:
    present = {owner.virtual(item["Name"]) for item in facts.volumes()}
    new = [mount for mount in mounts if not mount.tmpfs_bytes and (mount.source is None or mount.source not in present)]
    if new and len(present) + len(new) > owner.limits.volumes:
        raise refuse("volumes-full", f"{len(present)} of {owner.limits.volumes}")


def _config(config: Fields, image: str, labels: dict[str, str], wanted: tuple[ports.Port, ...]) -> Fields:
    """The container's own part: every key is named here."""
    built = {key: config[key] for key in ASKED if config[key] is not None}
    built["Image"] = image
    built["Labels"] = config["Labels"] | labels
    built["ExposedPorts"] = config["ExposedPorts"] | {port.key: {} for port in wanted}
    return built


def _host_config(owner: Owner, host: Fields, mounts: tuple[Mount, ...]) -> Fields:
    """The forced settings, and what was asked within their bounds."""
    built = forced.host_config(owner)
    built["CapAdd"] = _capabilities(host)
    built["Mounts"] = [mount.upstream(owner) for mount in mounts]
    built["RestartPolicy"] = host["RestartPolicy"]
    for key in ("AutoRemove", "ReadonlyRootfs"):
        built[key] = host[key]
    built["Init"] = host["Init"] or None
    for key in ("Memory", "NanoCpus", "PidsLimit"):
        built[key] = host[key] or built[key]
    built["MemorySwap"] = built["Memory"]
    built["ShmSize"] = host["ShmSize"] or forced.SHM_BYTES
    return built


def _capabilities(host: Fields) -> list[str]:
    dropped = host["CapDrop"]
    if "ALL" in dropped:
        return sorted(host["CapAdd"])
    return [name for name in forced.CAPABILITIES if name not in dropped or name in host["CapAdd"]]


def _mode(owner: Owner, facts: Facts, asked: str) -> str:
    try:
        return network_mode(owner, facts, asked)
    except Refused as refusal:
        if refusal.verdict.status != 404:
            raise
        # Docker says this at the start; at a create's 404 the CLI would pull the image.
        raise Refused(400, refusal.verdict.code, refusal.verdict.message) from None


def _network(owner: Owner, facts: Facts, body: Fields, asked: str, name: str) -> tuple[str, Fields]:
    """The engine's NetworkMode and its one endpoint; only aliases survive from what the client sent."""
    mode = _mode(owner, facts, asked)
    wanted = read_fields(body.get("NetworkingConfig"), {"EndpointsConfig": lambda value: value}, "NetworkingConfig")
    endpoints = wanted["EndpointsConfig"] or {}
    if not isinstance(endpoints, dict):
        raise wrong_shape("EndpointsConfig")
    if len(endpoints) > 1 or any(network_mode(owner, facts, key) != mode for key in endpoints):
        raise refuse("endpoint", "one network at create; docker network connect adds others", 400)
    chosen = [alias for value in endpoints.values() for alias in aliases(value)]
    if mode == NONE:
        return mode, {}
    return mode, {mode: {"Aliases": sorted({*chosen, *([name] if name else [])})}}
