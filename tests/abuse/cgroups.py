"""What the kernel counts for a lab as a whole, in cgroups of version 1 and 2."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox.cgroups import Cgroups
from bot.sandbox.lab import Lab
from bot.settings import Settings

ROOT = Path("/sys/fs/cgroup")


def processes(settings: Settings, lab: Lab) -> dict[str, int]:
    """How many processes each container of the lab has."""
    return {name: len(pids) for name, pids in Cgroups(settings.cgroup).processes(lab.id).items()}


def _file(settings: Settings, lab: Lab, controller: str, old: str, new: str) -> Path:
    path = Cgroups(settings.cgroup).folder(lab.id)
    separate = ROOT / controller / path / old
    return separate if separate.exists() else ROOT / path / new


def peak_memory(settings: Settings, lab: Lab) -> int:
    """The most bytes that the lab has used at once."""
    return int(_file(settings, lab, "memory", "memory.max_usage_in_bytes", "memory.peak").read_text())
