"""The network namespace that the engine lives in: no way out, nothing else inside."""

from __future__ import annotations

import subprocess

from deploy.host.faults import HostFault
from deploy.host.places import Places


def make_namespace(places: Places) -> None:
    """Make the namespace with its loopback up, or keep the one that is there."""
    if not places.namespace.exists():
        _ip("netns", "add", places.name)
    _ip("-n", places.name, "link", "set", "lo", "up")


def remove_namespace(places: Places) -> None:
    """Remove it; the kernel frees its interfaces and rules with the last process inside."""
    if places.namespace.exists():
        _ip("netns", "delete", places.name)


def inside(places: Places, *command: str) -> tuple[str, ...]:
    """The command that runs `command` in the namespace, under the same pid (nsenter executes it)."""
    return ("nsenter", f"--net={places.namespace}", *command)


def _ip(*arguments: str) -> None:
    result = subprocess.run(("ip", *arguments), capture_output=True, text=True)
    if result.returncode:
        raise HostFault(
            f"`ip {' '.join(arguments)}` failed: {result.stderr.strip()}. "
            "The private engine needs a network namespace of its own: run as root, not in an unprivileged container."
        )
