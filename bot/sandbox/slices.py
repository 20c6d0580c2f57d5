"""Slices: cgroups of an engine with the `systemd` cgroup driver, where systemd owns the tree.

systemd writes a cgroup's limits again whenever it likes, so they are its to set. The names are its own too: the slice
`a-b.slice` stands in `a.slice`, and each container in a scope of its own in the slice that it was created with.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

log = logging.getLogger(__name__)

SUFFIX = ".slice"
SECONDS = 30.0
"""systemd answers in milliseconds; not so while it is starting a machine."""

DROP_INS = Path("/run/systemd/system.control")
"""Where `set-property --runtime` keeps what it was told."""


def is_slice(parent: str) -> bool:
    """Whether a cgroup parent is written as the systemd driver wants it: a name, and not a path."""
    return parent.endswith(SUFFIX) and "/" not in parent


def child(parent: str, name: str) -> str:
    """The slice `name` in the slice `parent`: `a.slice`, `b` as `a-b.slice`."""
    return f"{parent.removesuffix(SUFFIX)}-{name}{SUFFIX}"


def folder(name: str) -> str:
    """Where systemd puts a slice in the tree: `a-b.slice` as `a.slice/a-b.slice`."""
    parts = name.removesuffix(SUFFIX).split("-")
    return "/".join("-".join(parts[: count + 1]) + SUFFIX for count in range(len(parts)))


def container(scope: str) -> str:
    """The container's id in the name of its scope (`docker-<id>.scope`)."""
    return scope.removesuffix(".scope").rpartition("-")[2]


def start(name: str, properties: Iterable[str]) -> None:
    """Start the slice, or find it started, and set `NAME=VALUE` properties on it. Raises OSError."""
    # Started first: systemd forgets what it was told about a slice that nobody has started.
    _systemctl("start", name)
    _systemctl("set-property", "--runtime", name, *properties)


def stop(name: str) -> None:
    """Stop the slice, whatever is in it, and forget its properties."""
    try:
        _systemctl("stop", name)
    except OSError as error:
        log.warning("the slice %s stays: %s", name, error)
    shutil.rmtree(DROP_INS / f"{name}.d", ignore_errors=True)


def _systemctl(*arguments: str) -> None:
    try:
        done = subprocess.run(("systemctl", *arguments), capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise OSError(f"systemctl {arguments[0]} takes more than {SECONDS:g} s") from None
    if done.returncode:
        raise OSError(f"systemctl {arguments[0]}: {done.stderr.strip()}")
