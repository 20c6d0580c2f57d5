"""An engine that somebody else runs (DOSIRAK_ENGINE): what is asked of it, and what it does not give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.host.engine_api import VERSION, answers, ask
from deploy.host.faults import HostFault
from deploy.host.words import say

API = VERSION.removeprefix("/v")


def external_socket(url: str) -> Path:
    """The socket of a `unix://` URL at which an engine answers; HostFault otherwise."""
    if not url.startswith("unix:///"):
        raise HostFault(
            f"DOSIRAK_ENGINE is {url!r}: only an engine on this machine will do, as unix:///path/docker.sock"
        )
    socket = Path(url.removeprefix("unix://"))
    if not answers(socket):
        raise HostFault(f"No Docker engine answers at {url}: start it, or unset DOSIRAK_ENGINE for a private one.")
    return socket


def demand(information: Mapping[str, Any], version: Mapping[str, Any]) -> None:
    """Raises HostFault where labs cannot live on this engine, by its answers to /info and /version."""
    if information.get("OSType", "linux") != "linux":
        raise HostFault("The engine at DOSIRAK_ENGINE runs no Linux containers: use one that does, or a private one.")
    newest, oldest = str(version.get("ApiVersion", "0")), str(version.get("MinAPIVersion", "0"))
    if _numbers(newest) < _numbers(API):
        raise HostFault(
            f"The engine at DOSIRAK_ENGINE speaks API {newest}, labs need {API}: update it to Docker 20.10 or later."
        )
    if _numbers(oldest) > _numbers(API):
        raise HostFault(
            f"The engine at DOSIRAK_ENGINE refuses API {API}: "
            f"start it with DOCKER_MIN_API_VERSION={API} in its environment."
        )
    if "name=rootless" in str(information.get("SecurityOptions")):
        raise HostFault(
            "The engine at DOSIRAK_ENGINE is rootless, so labs could have no limits and no walls of their own: "
            "use one that runs as root, or unset DOSIRAK_ENGINE for a private one."
        )
    if information.get("CgroupDriver") not in ("cgroupfs", "systemd"):
        raise HostFault(
            f"The engine at DOSIRAK_ENGINE uses the cgroup driver {information.get('CgroupDriver')!r}, labs need "
            '"systemd" or "cgroupfs": set "exec-opts": ["native.cgroupdriver=cgroupfs"] in its daemon.json and restart '
            "it, or unset DOSIRAK_ENGINE for a private one."
        )


def labs_cgroup(information: Mapping[str, Any], name: str, chosen: str | None) -> str:
    """Where labs stand: what the operator has chosen, else the cgroup `name`, as this engine's cgroup driver writes it.

    Raises HostFault where the chosen one is written for another driver.
    """
    systemd = information.get("CgroupDriver") == "systemd"
    if not chosen:
        return f"{name}.slice" if systemd else f"/{name}"
    is_slice = chosen.endswith(".slice") and "/" not in chosen
    if is_slice != systemd:
        wanted = "a slice, such as dosirak.slice" if systemd else "a path, such as /dosirak"
        raise HostFault(
            f"DOSIRAK_CGROUP is {chosen!r}, and the engine at DOSIRAK_ENGINE uses the cgroup driver "
            f"{information.get('CgroupDriver')!r}: write {wanted}, or unset it."
        )
    return chosen


def demand_runtime(information: Mapping[str, Any], runtime: str) -> None:
    """Raises HostFault when the engine does not know the runtime that labs shall use."""
    known = information.get("Runtimes") or {}
    if runtime not in known and not runtime.startswith("io.containerd."):  # the name of a shim is enough
        raise HostFault(
            f"DOSIRAK_RUNTIME is {runtime!r}, and the engine has only {', '.join(sorted(known))}: "
            f"install {runtime} where root's PATH finds it (and name it in the daemon.json of an engine of your own), "
            "or unset it."
        )


def _numbers(version: str) -> tuple[int, ...]:
    """`1.41` as (1, 41); what is no version is older than any."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def weaker(information: Mapping[str, Any]) -> list[str]:
    """What this engine (its answer to /info) lacks of a private one's protection, in words."""
    options = str(information.get("SecurityOptions"))
    found = ["labs share this machine's own network namespace and firewall tables"]
    if "name=userns" not in options:
        found.append("root in a container is root on this machine (no userns-remap)")
    if "name=seccomp" not in options:
        found.append("system calls are not filtered (no seccomp)")
    if not information.get("LiveRestoreEnabled"):
        found.append("containers end when the engine restarts (no live-restore)")
    return found


def fitting(socket: Path, runtime: str) -> dict[str, Any]:
    """The engine's answer to /info; HostFault where labs cannot live on it."""
    # Without a version in the path: an engine that does not speak ours still answers.
    _, version = ask(socket, "GET", "/version")
    _, information = ask(socket, "GET", "/info")
    demand(information, version)
    demand_runtime(information, runtime)
    return dict(information)


def tell_weaker(socket: Path, information: Mapping[str, Any]) -> None:
    """Say once, at the start, which protections are weaker on this engine."""
    say(f"using the engine at {socket}; weaker than a private engine:")
    for line in weaker(information):
        say(f"  - {line}")
