"""What a killed engine leaves behind: shims, mounts, cgroups, the run folder. A clean stop leaves little of it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from deploy.host.daemons import command_line, end_process
from deploy.host.places import Places

CGROUPS = Path("/sys/fs/cgroup")


def end_shims(places: Places) -> None:
    """End the containers whose engine is gone. A shim names the containerd socket that it belongs to."""
    mark = f"-address {places.containerd_socket}"
    shims = [pid for pid in _processes() if mark in command_line(pid)]
    for pid in _processes():
        if _parent(pid) in shims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    for pid in shims:
        end_process(pid, mark, grace=1.0)


def thaw(places: Places) -> None:
    """Let go of labs that a killed bot held still: what is frozen cannot end."""
    for hierarchy in (CGROUPS, *CGROUPS.glob("*/")):
        for name, state in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
            for switch in (hierarchy / places.name).glob(f"*/{name}"):
                with contextlib.suppress(OSError):
                    switch.write_text(state)


def unmount(places: Places) -> None:
    """Unmount everything below the state and run folders, the innermost first."""
    roots = (f"{places.run}/", f"{places.engine_data}/", f"{places.containerd_data}/")
    for point in reversed(_mount_points()):
        if f"{point}/".startswith(roots):
            subprocess.run(("umount", "--lazy", point), capture_output=True)


def remove_cgroups(places: Places) -> None:
    """Remove the engine's own cgroup in every hierarchy (version 1 has several, version 2 is the folder itself)."""
    for hierarchy in (CGROUPS, *CGROUPS.glob("*/")):
        _remove_tree_of_cgroups(hierarchy / places.name)


def remove_run_folder(places: Places) -> None:
    if not any(f"{point}/".startswith(f"{places.run}/") for point in _mount_points()):
        shutil.rmtree(places.run, ignore_errors=True)


def _remove_tree_of_cgroups(folder: Path) -> None:
    if folder.is_dir():
        for child in folder.iterdir():
            if child.is_dir():
                _remove_tree_of_cgroups(child)
        with contextlib.suppress(OSError):
            folder.rmdir()


def _mount_points() -> list[str]:
    """Blanks and the like are written as `\\040`, all other bytes as they are."""
    fields = [line.split()[4] for line in Path("/proc/self/mountinfo").read_bytes().splitlines()]
    return [os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), field)) for field in fields]


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return None
