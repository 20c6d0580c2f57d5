"""The table of a container's fields: each with its rule. What is not here cannot be asked for."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

from bot.guard import mounts, ports
from bot.guard.forced import CAPABILITIES, RETRIES, SHM_BYTES, STOP_SECONDS
from bot.guard.owner import RESERVED_LABELS, Limits
from bot.guard.refusals import refuse
from bot.guard.rules import (
    Rule,
    Table,
    dropped,
    flag,
    only_null,
    read_fields,
    refused,
    string_map,
    text,
    whole,
    words,
    wrong_shape,
)
from bot.guard.signals import signal
from bot.guard.verdict import Refused

SECOND = 1_000_000_000
MAX_ENVIRONMENT = 128 * 1024
"""All variables together; Linux takes 2 MiB for arguments and environment."""
MAX_LABELS = 16 * 1024
"""All labels together; they are in every list."""
SMALLEST_MEMORY = 6 * 1024 * 1024
"""The engine's own least."""

_HOSTNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?", re.ASCII)
_CLOSED = re.compile(r"/(?:proc|sys|dev)(?:/.*)?", re.ASCII | re.DOTALL)


def labels(value: Any) -> dict[str, str]:
    """Rule for Labels: the learner's own, never the lab's."""
    found = string_map(32, 128, 4096)(value)
    for key in found:
        if not key or key.lower().startswith(RESERVED_LABELS):
            raise refuse("reserved-label", key[:40])
    if sum(len(key) + len(item) for key, item in found.items()) > MAX_LABELS:
        raise refuse("too-much", f"more than {MAX_LABELS // 1024} KiB of labels", 400)
    return dict(found)


def environment(value: Any) -> list[str] | None:
    found = words(together=MAX_ENVIRONMENT)(value)
    return list(found) if found is not None else None


def working_directory(value: Any) -> str:
    """An absolute path, never into the kernel's file systems (the shape of CVE-2024-21626)."""
    path: str = text(1024)(value)
    if not path:
        return ""
    parts = [part for part in path.split("/") if part and part != "."]
    if not path.startswith("/"):
        raise Refused(
            400, "bad-workdir", f"the working directory '{path[:60]}' is invalid, it needs to be an absolute path"
        )
    if ".." in parts or _CLOSED.fullmatch("/" + "/".join(parts)):
        raise refuse("workdir", path[:60])
    return path


def _hostname(value: Any) -> str:
    name: str = text(63)(value)
    if name and not _HOSTNAME.fullmatch(name):
        raise Refused(400, "bad-hostname", f"invalid hostname: {name!r}")
    return name


def _stop_timeout(value: Any) -> int | None:
    if value is None:
        return None
    return min(max(int(whole(-1, 2**31, "field")(value)), 0), STOP_SECONDS)


def _interval(value: Any) -> int:
    number: int = whole(1, 24 * 3600 * SECOND, "healthcheck")(value)
    if 0 < number < 5 * SECOND:
        raise refuse("healthcheck", f"{number / SECOND:g} s")
    return number


_HEALTHCHECK: Table = {
    "Test": words(64),
    "Interval": _interval,
    "Timeout": whole(1, 300 * SECOND, "healthcheck"),
    "StartPeriod": whole(1, 600 * SECOND, "healthcheck"),
    "StartInterval": refused("healthcheck"),
    "Retries": whole(1, 10, "healthcheck"),
}


def _healthcheck(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    fields = read_fields(value, _HEALTHCHECK, "Healthcheck")
    fields.pop("StartInterval")
    return fields


CONFIG: Table = MappingProxyType(
    {
        # free
        "Hostname": _hostname,
        "User": text(128),
        "Tty": flag,
        "OpenStdin": flag,
        "StdinOnce": flag,
        "AttachStdin": flag,
        "AttachStdout": flag,
        "AttachStderr": flag,
        "Env": environment,
        "Cmd": words(),
        "Entrypoint": words(),
        "Image": text(512),
        "WorkingDir": working_directory,
        "Labels": labels,
        "ExposedPorts": ports.exposed,
        "StopSignal": signal,
        # bounded
        "StopTimeout": _stop_timeout,
        "Healthcheck": _healthcheck,
        "Volumes": mounts.anonymous,
        # refused
        "Domainname": refused("domainname"),
        "MacAddress": refused("mac-address"),
        "OnBuild": refused("field"),
        "Shell": refused("field"),
        "ArgsEscaped": refused("field"),
        "NetworkDisabled": refused("field"),
        # read by tables of their own
        "HostConfig": lambda value: value,
        "NetworkingConfig": lambda value: value,
    }
)


def restart_policy(value: Any) -> dict[str, Any]:
    fields = read_fields(value, {"Name": text(32), "MaximumRetryCount": whole(1, RETRIES, "restart")}, "RestartPolicy")
    name = fields["Name"]
    if name in ("", "no"):
        return {"Name": "no", "MaximumRetryCount": 0}
    if name != "on-failure":
        raise refuse("restart", name)
    return {"Name": name, "MaximumRetryCount": fields["MaximumRetryCount"] or RETRIES}


def _log_config(value: Any) -> None:
    fields = read_fields(value, {"Type": text(32), "Config": refused("log-driver")}, "LogConfig")
    if fields["Type"] not in ("", "local"):
        raise refuse("log-driver", fields["Type"])


def _cap_add(value: Any) -> tuple[str, ...]:
    asked = tuple(name.upper().removeprefix("CAP_") for name in words(64, 64)(value) or ())
    for name in asked:
        if name not in CAPABILITIES:
            raise refuse("cap-add", name[:40])
    return asked


def _cap_drop(value: Any) -> tuple[str, ...]:
    asked = tuple(name.upper().removeprefix("CAP_") for name in words(64, 64)(value) or ())
    if any(not re.fullmatch(r"[A-Z_]+", name, re.ASCII) for name in asked):
        raise wrong_shape("CapDrop")
    return asked


def _security_opt(value: Any) -> None:
    for option in words(8, 128)(value) or ():
        if option not in ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"):
            raise refuse("security-opt", option[:60])


def _memory(most: int) -> Rule:
    bounded = whole(1, most, "memory")

    def read(value: Any) -> int:
        asked = int(bounded(value))
        if 0 < asked < SMALLEST_MEMORY:
            raise Refused(400, "memory", "Minimum memory limit allowed is 6MB")
        return asked

    return read


def _one_of(feature: str, *accepted: str) -> Any:
    def read(value: Any) -> str:
        found: str = text(256)(value)
        if found not in accepted:
            raise refuse(feature, found[:60])
        return found

    return read


HOST_FREE: Table = MappingProxyType(
    {
        "NetworkMode": text(256),
        "AutoRemove": flag,
        "ReadonlyRootfs": flag,
        "Init": flag,
        "PublishAllPorts": flag,
        "CapDrop": _cap_drop,
    }
)


def _host_bounded(limits: Limits) -> Table:
    """What a lab's limits bound."""
    return {
        "PortBindings": ports.bindings,
        "Binds": mounts.binds,
        "Mounts": mounts.mounts,
        "Tmpfs": mounts.tmpfs,
        "RestartPolicy": restart_policy,
        "CapAdd": _cap_add,
        "Memory": _memory(limits.container_memory),
        "MemoryReservation": whole(1, limits.container_memory, "memory"),
        "MemorySwap": whole(1, limits.container_memory, "memory"),
        "NanoCpus": whole(1, round(limits.cpus * SECOND), "cpu"),
        "PidsLimit": whole(1, limits.container_pids, "pids"),
        "ShmSize": whole(1, SHM_BYTES, "shm-size"),
    }


HOST_FORCED: Table = MappingProxyType(
    {
        "SecurityOpt": _security_opt,
        "LogConfig": _log_config,
        "IpcMode": _one_of("ipc", "", "private"),
        "CgroupnsMode": _one_of("cgroupns", "", "private"),
    }
)
"""Only what the lab forces anyway may be asked."""

HOST_REFUSED: Table = MappingProxyType(
    {
        "Privileged": refused("privileged"),
        "Devices": refused("device"),
        "DeviceRequests": refused("device"),
        "DeviceCgroupRules": refused("device"),
        "VolumesFrom": refused("volumes-from"),
        "VolumeDriver": refused("volume-driver"),
        "PidMode": refused("pid"),
        "UTSMode": refused("uts"),
        "UsernsMode": refused("userns"),
        "CgroupParent": refused("cgroup-parent"),
        "Cgroup": refused("cgroup-parent"),
        "MaskedPaths": only_null("masked-paths"),
        "ReadonlyPaths": only_null("masked-paths"),
        "Sysctls": refused("sysctl"),
        "Ulimits": refused("ulimit"),
        "Dns": refused("dns"),
        "DnsOptions": refused("dns"),
        "DnsSearch": refused("dns"),
        "ExtraHosts": refused("add-host"),
        "GroupAdd": refused("group-add"),
        "Links": refused("link"),
        "Runtime": refused("runtime"),
        "Isolation": _one_of("runtime", "", "default"),
        "StorageOpt": refused("storage-opt"),
        "OomKillDisable": refused("oom"),
        "OomScoreAdj": refused("oom"),
        "MemorySwappiness": refused("memory", -1),
        "KernelMemory": refused("memory"),
        "KernelMemoryTCP": refused("memory"),
        "CpuShares": refused("cpu"),
        "CpuPeriod": refused("cpu"),
        "CpuQuota": refused("cpu"),
        "CpuRealtimePeriod": refused("cpu"),
        "CpuRealtimeRuntime": refused("cpu"),
        "CpusetCpus": refused("cpu"),
        "CpusetMems": refused("cpu"),
        "CpuCount": refused("cpu"),
        "CpuPercent": refused("cpu"),
        "BlkioWeight": refused("block-io"),
        "BlkioWeightDevice": refused("block-io"),
        "BlkioDeviceReadBps": refused("block-io"),
        "BlkioDeviceWriteBps": refused("block-io"),
        "BlkioDeviceReadIOps": refused("block-io"),
        "BlkioDeviceWriteIOps": refused("block-io"),
        "IOMaximumIOps": refused("block-io"),
        "IOMaximumBandwidth": refused("block-io"),
        "Annotations": refused("field"),
    }
)

HOST_DROPPED: Table = MappingProxyType(
    {
        "ContainerIDFile": dropped,
        "ConsoleSize": dropped,
    }
)
"""The CLI's own."""


def host_config_table(limits: Limits) -> Table:
    """The table of HostConfig for a lab with these limits."""
    return {**HOST_FREE, **_host_bounded(limits), **HOST_FORCED, **HOST_REFUSED, **HOST_DROPPED}
