"""An engine that somebody else runs (DOSIRAK_ENGINE): what is asked of it, and what it does not give."""

from __future__ import annotations

from pathlib import Path

from deploy.host.engine_api import VERSION, answers, ask
from deploy.host.faults import HostFault
from deploy.host.words import say


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


def weaker(information: dict[str, object]) -> list[str]:
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


def tell_weaker(socket: Path) -> None:
    """Say once, at the start, which protections are weaker on this engine."""
    _, information = ask(socket, "GET", f"{VERSION}/info")
    say(f"using the engine at {socket}; weaker than a private engine:")
    for line in weaker(information):
        say(f"  - {line}")
