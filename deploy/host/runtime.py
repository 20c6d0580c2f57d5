"""The private engine's runc: the machine's own, for containers whose files the engine can open without waiting.

For every start and exec the engine opens the container's /etc/passwd and /etc/group, with the container locked. A named
pipe in their place keeps it waiting for ever: nobody can inspect, stop or remove that container any more. No container
of a lab needs one, so the filter for system calls leaves out what makes them.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from shlex import quote

from deploy.host.faults import HostFault
from deploy.host.places import Places

_SCRIPT = """#!/bin/sh
for word in "$@"; do
    [ "$before" = --bundle ] && bundle=$word
    before=$word
done
if [ -n "$bundle" ]; then
    # Everywhere: a command's own words may look like the filter's, and come first.
    sed -i 's/"mknod","mknodat",//g' "$bundle/config.json" || exit 1
fi
exec {runc} "$@"
"""


def runtime_path(places: Places) -> str:
    """PATH for containerd, whose shims take the first `runc` in it."""
    return f"{places.programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def runtime(places: Places) -> dict[Path, str]:
    """The program and its text; raises HostFault on a machine without runc."""
    found = shutil.which("runc")
    if found is None:
        raise HostFault("The program runc is missing; it comes with the package docker.io.")
    return {places.programs / "runc": _SCRIPT.format(runc=quote(found))}
