"""A lab's own cgroup: memory, CPU and processes of everything in it together. Versions 1 and 2.

Who may write to the tree depends on the engine's cgroup driver: with `cgroupfs` we do, with `systemd` it does for us.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.errors import LabError
from bot.identity import LabId
from bot.sandbox import slices

log = logging.getLogger(__name__)

PERIOD = 100_000
"""Microseconds: the kernel's own default CPU period."""


@dataclass(frozen=True, slots=True)
class LabLimits:
    """What all processes of a lab may use together."""

    memory: int
    cpus: float
    pids: int

    @property
    def quota(self) -> int:
        """CPU time in microseconds for each period; the kernel takes no less than 1 ms."""
        return max(1000, int(self.cpus * PERIOD))

    def properties(self) -> tuple[str, ...]:
        """The same in the words of systemd."""
        cpu = f"CPUQuota={100 * self.quota / PERIOD:.2f}%"
        return f"MemoryMax={self.memory}", "MemorySwapMax=0", cpu, f"TasksMax={self.pids}"


class Cgroups:
    """The labs' part of this host's cgroup tree. Methods that touch it block briefly: call them in a thread."""

    def __init__(self, parent: str, mounts: Path = Path("/proc/self/mounts")) -> None:
        """`parent` is the cgroup that all labs of this host stand in, and no other host's: a path, or `NAME.slice`."""
        self._slice = parent if slices.is_slice(parent) else None
        self._parent = slices.folder(parent) if self._slice else parent.strip("/")
        fields = [line.split() for line in mounts.read_text().splitlines()]
        self._roots = [Path(field[1]) for field in fields if field[2] in ("cgroup", "cgroup2")]
        unified = [Path(field[1]) for field in fields if field[2] == "cgroup2"]
        # A hybrid host has a cgroup2 mount as well, but its controllers are all in version 1. Others mount 2 twice.
        self._unified = unified[0] if unified and unified == self._roots else None

    def path(self, lab: LabId) -> str:
        """What containers of the lab are created under: a path, or the name of a slice."""
        return slices.child(self._slice, lab) if self._slice else f"/{self._parent}/{lab}"

    def folder(self, lab: LabId) -> str:
        """Where that is in the tree."""
        return f"{self._parent}/{self.path(lab).rpartition('/')[2]}"

    def ensure(self, lab: LabId, limits: LabLimits) -> None:
        """Create the lab's cgroup and set its limits. Raises LabError when the kernel refuses."""
        try:
            if self._slice is not None:
                self._ensure_slice(lab, limits)
            elif self._unified is not None:
                self._ensure_unified(self._unified, lab, limits)
            else:
                self._ensure_separate(lab, limits)
        except OSError as error:
            raise LabError(f"the lab's limits cannot be set: {error}") from error

    def _ensure_slice(self, lab: LabId, limits: LabLimits) -> None:
        slices.start(self.path(lab), limits.properties())
        for controller, file in (("memory", "memory.max"), ("cpu", "cpu.max"), ("pids", "pids.max")):
            # systemd accepts limits also where the kernel has no such controller.
            if self._unified is not None and not (self._unified / self.folder(lab) / file).exists():
                raise OSError(f"systemd does not bound {controller} here")

    def _ensure_unified(self, root: Path, lab: LabId, limits: LabLimits) -> None:
        folder = root / self.folder(lab)
        folder.mkdir(parents=True, exist_ok=True)
        for above in reversed([above for above in folder.parents if above.is_relative_to(root)]):
            (above / "cgroup.subtree_control").write_text("+cpu +memory +pids")
        _write(folder / "memory.max", limits.memory)
        _write(folder / "memory.swap.max", 0, needed=False)
        _write(folder / "cpu.max", f"{limits.quota} {PERIOD}")
        _write(folder / "pids.max", limits.pids)

    def _ensure_separate(self, lab: LabId, limits: LabLimits) -> None:
        for controller in ("memory", "cpu", "pids"):
            root = self._root_of(controller)
            if root is None:
                log.warning("this host has no %s controller: a lab is not limited in it as a whole", controller)
                continue
            folder = root / self.folder(lab)
            folder.mkdir(parents=True, exist_ok=True)
            if controller == "memory":
                _write_memory(folder, limits.memory)
            elif controller == "cpu":
                _write(folder / "cpu.cfs_period_us", PERIOD)
                _write(folder / "cpu.cfs_quota_us", limits.quota)
            else:
                _write(folder / "pids.max", limits.pids)

    def _root_of(self, controller: str) -> Path | None:
        return next((root for root in self._roots if controller in root.name.split(",")), None)

    def remove(self, lab: LabId) -> None:
        """Remove the lab's cgroup from every hierarchy; the containers in it are gone by now."""
        if self._slice is not None:
            slices.stop(self.path(lab))
            return
        for root in self._roots:
            _remove_tree(root / self.folder(lab))

    def processes(self, lab: LabId) -> dict[str, list[int]]:
        """The lab's processes as this host numbers them, by the container that they are in."""
        root = self._unified or self._root_of("pids")
        folders = _folders(root / self.folder(lab)) if root is not None else ()
        return {slices.container(folder.name): _processes(folder) for folder in folders}

    def kill(self, lab: LabId, container: str) -> None:
        """End the processes of one of the lab's containers without the engine."""
        for pid in self.processes(lab).get(container, ()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def end(self, lab: LabId) -> None:
        """End every process of the lab, the shell as well."""
        for container in self.processes(lab):
            self.kill(lab, container)

    def freeze(self, lab: LabId) -> None:
        """Begin to hold every process of the lab still."""
        self._switch(lab, "FROZEN", "1")

    def frozen(self, lab: LabId) -> bool:
        """Whether none of them runs: they are all held, or there is none."""
        try:
            if self._unified is not None:
                return "frozen 1" in (self._unified / self.folder(lab) / "cgroup.events").read_text().splitlines()
            root = self._root_of("freezer")
            if root is not None:
                return (root / self.folder(lab) / "freezer.state").read_text().strip() == "FROZEN"
        except OSError:
            pass  # The engine has made no cgroup for the lab yet, or it may not be read.
        return not any(self.processes(lab).values())

    def thaw(self, lab: LabId) -> None:
        """Let them go on; what its learner has paused stays so."""
        self._switch(lab, "THAWED", "0")

    def thaw_all(self) -> None:
        """Every lab that left a cgroup."""
        for name in self.found():
            self.thaw(LabId(name))

    def _switch(self, lab: LabId, separate: str, unified: str) -> None:
        root = self._unified or self._root_of("freezer")
        name, state = ("cgroup.freeze", unified) if self._unified else ("freezer.state", separate)
        if root is not None:
            with suppress(OSError):  # `frozen` tells what came of it.
                (root / self.folder(lab) / name).write_text(state)

    def found(self) -> frozenset[str]:
        """Names of all lab cgroups on the host."""
        names = {folder.name for root in self._roots for folder in _folders(root / self._parent)}
        if self._slice is None:
            return frozenset(names)
        prefix, suffix = slices.child(self._slice, "*").split("*")
        return frozenset(name.removeprefix(prefix).removesuffix(suffix) for name in names if name.endswith(suffix))


def _write(file: Path, value: int | str, *, needed: bool = True) -> None:
    if needed or file.exists():
        file.write_text(str(value))


def _write_memory(folder: Path, limit: int) -> None:
    """Memory, and memory plus swap, which must never be below memory: so the order depends on the old value."""
    both = folder / "memory.memsw.limit_in_bytes"
    with suppress(OSError):
        _write(folder / "memory.limit_in_bytes", limit)
    _write(both, limit, needed=False)
    _write(folder / "memory.limit_in_bytes", limit)


def _folders(folder: Path) -> Iterable[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.is_dir()]
    except OSError:
        return []


def _processes(folder: Path) -> list[int]:
    try:
        return [int(line) for line in (folder / "cgroup.procs").read_text().split()]
    except OSError:
        return []  # The container has ended meanwhile.


def _remove_tree(folder: Path) -> None:
    """Children first. The kernel frees a dead container's cgroup a moment after its end: a few short waits."""
    for _ in range(10):
        for child in _folders(folder):
            _remove_tree(child)
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return
    log.warning("the cgroup %s is still in use and stays for the next sweep", folder)
