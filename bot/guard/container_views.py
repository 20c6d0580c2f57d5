"""The engine's containers as the lab sees them: names, images, ports and networks are its own, host facts are gone."""

from __future__ import annotations

from typing import Any

from bot.guard import ports
from bot.guard.images import written_name
from bot.guard.network_mode import BRIDGE
from bot.guard.owner import ANONYMOUS_LABEL, PUBLISH_ALL_LABEL, RESERVED_LABELS, WRITTEN_LABEL, Owner
from bot.guard.ports import HOLDING

Item = dict[str, Any]

HIDDEN = ("LogPath", "ResolvConfPath", "HostnamePath", "HostsPath", "AppArmorProfile", "MountLabel", "ProcessLabel")
"""Paths of the host and its profiles: shown as empty text, which the CLI's formats expect."""
HOST_CONFIG_SHOWN = (
    "AutoRemove",
    "BlkioDeviceReadBps",
    "BlkioDeviceReadIOps",
    "BlkioDeviceWriteBps",
    "BlkioDeviceWriteIOps",
    "BlkioWeight",
    "BlkioWeightDevice",
    "CapAdd",
    "CapDrop",
    "Cgroup",
    "CgroupnsMode",
    "ConsoleSize",
    "ContainerIDFile",
    "CpuCount",
    "CpuPercent",
    "CpuPeriod",
    "CpuQuota",
    "CpuRealtimePeriod",
    "CpuRealtimeRuntime",
    "CpuShares",
    "CpusetCpus",
    "CpusetMems",
    "DeviceCgroupRules",
    "DeviceRequests",
    "Devices",
    "DnsSearch",
    "GroupAdd",
    "IOMaximumBandwidth",
    "IOMaximumIOps",
    "Init",
    "IpcMode",
    "Isolation",
    "KernelMemory",
    "KernelMemoryTCP",
    "Links",
    "LogConfig",
    "MaskedPaths",
    "Memory",
    "MemoryReservation",
    "MemorySwap",
    "MemorySwappiness",
    "NanoCpus",
    "OomKillDisable",
    "OomScoreAdj",
    "PidMode",
    "PidsLimit",
    "Privileged",
    "ReadonlyPaths",
    "ReadonlyRootfs",
    "RestartPolicy",
    "Runtime",
    "SecurityOpt",
    "ShmSize",
    "Tmpfs",
    "UTSMode",
    "Ulimits",
    "UsernsMode",
    "VolumeDriver",
    "VolumesFrom",
)
"""The limits are shown as they are; the rest is empty in every lab."""
LISTS = (
    "BlkioDeviceReadBps",
    "BlkioDeviceReadIOps",
    "BlkioDeviceWriteBps",
    "BlkioDeviceWriteIOps",
    "BlkioWeightDevice",
    "Devices",
    "DnsSearch",
)
"""The CLI sends these empty, and the gate not at all."""
STATE_SHOWN = (
    "Status",
    "Running",
    "Paused",
    "Restarting",
    "OOMKilled",
    "Dead",
    "ExitCode",
    "Error",
    "StartedAt",
    "FinishedAt",
    "Health",
)


def shown_labels(labels: dict[str, str] | None) -> dict[str, str]:
    return {key: value for key, value in (labels or {}).items() if not key.startswith(RESERVED_LABELS)}


def shown_network(owner: Owner, name: str) -> str:
    """The virtual name of a network from the engine's name, id, or NetworkMode."""
    return BRIDGE if name in (owner.network, f"lab-{owner.lab}", "default", "bridge") else owner.virtual(name)


def list_item(owner: Owner, item: Item) -> Item:
    """One container of the list."""
    running = item["State"] in HOLDING
    kept = ("Id", "ImageID", "Command", "Created", "State", "Status")
    settings = item.get("NetworkSettings") or {}
    return {key: item[key] for key in kept} | {
        "Names": ["/" + owner.virtual(name) for name in item["Names"]],
        "Image": written_name(item["Labels"]) or item["Image"],
        "Ports": ports.in_list(ports.of_labels(item["Labels"]), ports.exposed_of(item["Labels"])) if running else [],
        "Labels": shown_labels(item["Labels"]),
        "HostConfig": {"NetworkMode": shown_mode(owner, item["HostConfig"]["NetworkMode"])},
        "NetworkSettings": {"Networks": _endpoints(owner, settings.get("Networks"), {})},
        "Mounts": [_mount(owner, mount) for mount in item["Mounts"]],
    }


def shown_mode(owner: Owner, mode: str) -> str:
    """`default` for the lab's own network, as the CLI sends and shows it."""
    return "default" if mode in (owner.network, f"lab-{owner.lab}") else owner.virtual(mode)


def _endpoints(owner: Owner, networks: Item | None, names: dict[str, str], called: str = "") -> Item:
    found = {}
    for key, endpoint in (networks or {}).items():
        name = names.get(endpoint.get("NetworkID", ""), shown_network(owner, key))
        # The container's own name is an alias here (the engine knows it by another); Docker shows none on its bridge.
        aliases = [alias for alias in endpoint.get("Aliases") or () if alias != called and name != BRIDGE]
        found[name] = endpoint | {"DriverOpts": None, "Aliases": aliases or None}
    return found


def _mount(owner: Owner, mount: Item) -> Item:
    shown = dict(mount)
    if "Name" in shown:
        shown["Name"] = owner.virtual(shown["Name"])
    if shown.get("Type") == "volume":
        shown["Source"] = ""
    return shown


def detail(owner: Owner, item: Item, names: dict[str, str]) -> Item:
    """One inspected container; `names` are the virtual names of the lab's networks by id."""
    config, host, state = item["Config"], item["HostConfig"], item["State"]
    called = owner.virtual(item["Name"])
    own = ports.of_labels(config["Labels"])
    running = bool(state["Running"] or state["Paused"] or state["Restarting"])
    kept = ("Id", "Created", "Path", "Args", "Image", "RestartCount", "Driver", "Platform", "ExecIDs")
    return {
        **{key: item.get(key) for key in kept},
        **dict.fromkeys(HIDDEN, ""),
        "State": {key: state[key] for key in STATE_SHOWN if key in state} | {"Pid": 1 if running else 0},
        "Name": "/" + called,
        "GraphDriver": {"Data": None, "Name": item.get("Driver")},
        "Mounts": [_mount(owner, mount) for mount in item["Mounts"]],
        "Config": config
        | {
            "Image": written_name(config["Labels"]) or config["Image"],
            "Labels": shown_labels(config["Labels"]),
            "Volumes": {mount["Target"]: {} for mount in _asked(host) if _is(mount, ANONYMOUS_LABEL)} or None,
        },
        "HostConfig": _host_config(owner, host, config["Labels"], own, names),
        "NetworkSettings": _network_settings(
            owner,
            item["NetworkSettings"],
            own,
            ports.exposed_of(config["Labels"]),
            running,
            names,
            owner.virtual(item["Name"]),
        ),
    }


def _host_config(owner: Owner, host: Item, labels: Item, own: tuple[ports.Port, ...], names: dict[str, str]) -> Item:
    publish_all = labels.get(PUBLISH_ALL_LABEL) == "all"
    shown = {key: host[key] for key in HOST_CONFIG_SHOWN if key in host}
    shown |= {key: host.get(key) or [] for key in LISTS}
    binds = [_bind(owner, mount) for mount in _asked(host) if _is(mount, WRITTEN_LABEL)]
    mounts = [_asked_mount(owner, mount) for mount in _asked(host) if not _is(mount, ANONYMOUS_LABEL, WRITTEN_LABEL)]
    shown |= {"Mounts": mounts} if mounts else {}
    return shown | {
        "Binds": binds or None,
        "NetworkMode": _mode(owner, host["NetworkMode"], names),
        "PortBindings": ports.in_bindings(own),
        "PublishAllPorts": publish_all,
        "CgroupParent": "",
        "Dns": [],
        "DnsOptions": [],
        "ExtraHosts": None,
    }


def _mode(owner: Owner, mode: str, names: dict[str, str]) -> str:
    return shown_mode(owner, mode) if mode == owner.network else names.get(mode, shown_mode(owner, mode))


def _asked(host: Item) -> list[Item]:
    return host.get("Mounts") or []


def _is(mount: Item, *labels: str) -> bool:
    found = (mount.get("VolumeOptions") or {}).get("Labels") or {}
    return any(label in found for label in labels)


def _bind(owner: Owner, mount: Item) -> str:
    """`data:/path:ro`, as it was written."""
    no_copy = (mount.get("VolumeOptions") or {}).get("NoCopy")
    options = ["ro"] * bool(mount.get("ReadOnly")) + ["nocopy"] * bool(no_copy)
    return ":".join((owner.virtual(mount["Source"]), mount["Target"], *([",".join(options)] if options else [])))


def _asked_mount(owner: Owner, mount: Item) -> Item:
    shown = {key: value for key, value in mount.items() if key != "VolumeOptions"}
    if "Source" in shown:
        shown["Source"] = owner.virtual(shown["Source"])
    return shown


def _network_settings(
    owner: Owner,
    item: Item,
    own: tuple[ports.Port, ...],
    exposed: tuple[str, ...],
    running: bool,
    names: dict[str, str],
    called: str,
) -> Item:
    networks = _endpoints(owner, item["Networks"], names, called)
    first = networks.get(BRIDGE, {})
    same = ("EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "MacAddress")
    empty = {"EndpointID": "", "Gateway": "", "IPAddress": "", "IPPrefixLen": 0, "MacAddress": ""}
    return {
        # Docker repeats the default bridge's endpoint at the top level, and old lessons read it there.
        **{key: first.get(key, empty[key]) for key in same},
        "Bridge": "",
        "SandboxID": "",
        "SandboxKey": "",
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "Ports": ports.in_settings(own, exposed) if running else {},
        "Networks": networks,
    }


def shown_volume(owner: Owner, item: Item) -> Item:
    """One volume: where it lies on the host is nobody's business."""
    kept = ("CreatedAt", "Driver", "Scope")
    return {key: item.get(key) for key in kept} | {
        "Name": owner.virtual(item["Name"]),
        "Mountpoint": "",
        "Labels": shown_labels(item["Labels"]) or None,
        "Options": None,
    }
