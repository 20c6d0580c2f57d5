"""Calls about the engine as a whole: answered for the lab, as if it were an engine of its own."""

from __future__ import annotations

from typing import Any

from bot.guard import facts as ask
from bot.guard.call import Call
from bot.guard.container_views import list_item, shown_volume
from bot.guard.facts import Facts
from bot.guard.images import image_summary, local_images
from bot.guard.names import missing
from bot.guard.owner import Owner
from bot.guard.verdict import Answer, Forward, Reply, Upstream, Verdict, answer_json

Item = dict[str, Any]

API_VERSION = "1.41"
OLDEST_VERSION = "1.24"
INFO_SHOWN = (
    "ServerVersion",
    "Driver",
    "OSType",
    "Architecture",
    "OperatingSystem",
    "KernelVersion",
    "CgroupDriver",
    "CgroupVersion",
    "SystemTime",
    "IndexServerAddress",
)


def ping(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    """No Builder-Version, so that the CLI does not try BuildKit; no Swarm header."""
    body = b"" if call.method == "HEAD" else b"OK"
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-cache, no-store, must-revalidate"))
    return Answer(200, body, headers)


def version(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    return Forward(Upstream("GET", "/version"), Reply(view=_version))


def _version(item: Item) -> Item:
    """The engine's version and platform; nothing about the host's kernel and the build."""
    details = {
        "ApiVersion": API_VERSION,
        "MinAPIVersion": OLDEST_VERSION,
        "Os": item["Os"],
        "Arch": item["Arch"],
        "Experimental": "false",
        "GoVersion": item["GoVersion"],
        "GitCommit": item["GitCommit"],
        "BuildTime": item.get("BuildTime", ""),
    }
    engine = {"Name": "Engine", "Version": item["Version"], "Details": details}
    kept = {key: item[key] for key in ("Version", "Os", "Arch", "GoVersion", "GitCommit")}
    return {"Platform": {"Name": ""}, "Components": [engine], **kept} | {
        "ApiVersion": API_VERSION,
        "MinAPIVersion": OLDEST_VERSION,
        "BuildTime": item.get("BuildTime", ""),
    }


def info(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    facts.require(ask.ENGINE, ask.SHELF, ask.IMAGES, ask.containers(owner))
    engine: Item = facts.get(ask.ENGINE)
    states = [item["State"] for item in facts.containers()]
    return answer_json(
        {key: engine.get(key) for key in INFO_SHOWN}
        | {
            "ID": f"lab-{owner.lab}",
            "Name": f"lab-{owner.lab}",
            "Containers": len(states),
            "ContainersRunning": states.count("running"),
            "ContainersPaused": states.count("paused"),
            "ContainersStopped": len(states) - states.count("running") - states.count("paused"),
            "Images": len(local_images(facts)),
            "NCPU": max(1, round(owner.limits.cpus)),
            "MemTotal": owner.limits.container_memory,
            "LoggingDriver": "local",
            "Plugins": {"Volume": ["local"], "Network": ["bridge", "null"], "Authorization": None, "Log": ["local"]},
            "Swarm": {"LocalNodeState": "inactive", "NodeID": "", "RemoteManagers": None},
            "Runtimes": {owner.runtime: {"path": owner.runtime}},
            "DefaultRuntime": owner.runtime,
            "SecurityOptions": ["name=seccomp,profile=default", "name=userns"],
            "DockerRootDir": "/var/lib/docker",
            "Labels": [],
            "Warnings": None,
            "ExperimentalBuild": False,
            "Debug": False,
            "MemoryLimit": True,
            "SwapLimit": True,
            "PidsLimit": True,
            "CpuCfsQuota": True,
            "CPUShares": True,
            "OomKillDisable": True,
            "IPv4Forwarding": True,
            "BridgeNfIptables": True,
            "BridgeNfIp6tables": True,
            "CpuCfsPeriod": True,
            "CPUSet": True,
        }
    )


def disk_usage(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    """From the lab's own lists: the engine's walk over all disks would be paid by the neighbours."""
    facts.require(ask.SHELF, ask.IMAGES, ask.containers(owner), ask.volumes(owner))
    containers = facts.containers()
    images = local_images(facts)
    mounted = [mount.get("Name") for item in containers for mount in item["Mounts"]]
    used = [item["ImageID"] for item in containers]
    return answer_json(
        {
            "LayersSize": sum(image.summary.get("Size", 0) for image in images),
            "Images": [
                image_summary(image) | {"Containers": used.count(image.identity), "SharedSize": 0} for image in images
            ],
            "Containers": [list_item(owner, item) | {"SizeRw": 0, "SizeRootFs": 0} for item in containers],
            "Volumes": [
                shown_volume(owner, item) | {"UsageData": {"RefCount": mounted.count(item["Name"]), "Size": 0}}
                for item in facts.volumes()
            ],
            "BuildCache": [],
            "BuilderSize": 0,
        }
    )


def prune_nothing(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    """Images on the shelf cost the lab nothing: there is nothing to reclaim, and `docker system prune` goes on."""
    kind = "CachesDeleted" if call.path.startswith("/build") else "ImagesDeleted"
    return answer_json({kind: None, "SpaceReclaimed": 0})


def no_plugin(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    """`docker inspect` asks for every kind of object in turn."""
    raise missing("plugin", name)


def no_plugins(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    return answer_json([])
