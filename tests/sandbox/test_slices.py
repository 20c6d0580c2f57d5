"""Labs on an engine with the systemd cgroup driver: names and arguments anywhere, their effect where systemd runs."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import LabError
from bot.identity import LabId
from bot.sandbox import slices
from bot.sandbox.cgroups import Cgroups, LabLimits

LAB = LabId("0123456789")
LIMITS = LabLimits(memory=64 * 2**20, cpus=0.5, pids=40)
ROOT = Path("/sys/fs/cgroup")

needs_systemd = pytest.mark.skipif(
    not Path("/run/systemd/system").is_dir() or not (ROOT / "cgroup.controllers").exists(),
    reason="systemd does not run this machine, or not with cgroups of version 2",
)


def unified(folder: Path) -> Path:
    """The mounts of a machine with version 2 in this folder."""
    file = folder / "mounts"
    file.write_text(f"cgroup2 {folder} cgroup2 rw 0 0")
    return file


@pytest.mark.parametrize("name, where", [("a.slice", "a.slice"), ("a-b-c.slice", "a.slice/a-b.slice/a-b-c.slice")])
def test_each_dash_in_the_name_of_a_slice_is_a_level(name: str, where: str) -> None:
    """systemd.slice(5)."""
    assert slices.folder(name) == where


def test_a_lab_has_a_slice_in_the_slice_of_its_bot(tmp_path: Path) -> None:
    """The engine is told its name alone; the kernel has it two levels down."""
    cgroups = Cgroups("lessons.slice", unified(tmp_path))
    assert cgroups.path(LAB) == f"lessons-{LAB}.slice"
    assert cgroups.folder(LAB) == f"lessons.slice/lessons-{LAB}.slice"


def test_a_path_that_ends_like_a_slice_is_a_path(tmp_path: Path) -> None:
    """It is for the cgroupfs driver."""
    cgroups = Cgroups("/lessons.slice", unified(tmp_path))
    assert cgroups.path(LAB) == f"/lessons.slice/{LAB}" and cgroups.folder(LAB) == f"lessons.slice/{LAB}"


def test_limits_are_said_in_systemds_words() -> None:
    """A share of a processor has two decimals at most; swap is none."""
    assert LabLimits(512, 1 / 3, 7).properties() == (
        "MemoryMax=512",
        "MemorySwapMax=0",
        "CPUQuota=33.33%",
        "TasksMax=7",
    )


def test_slices_and_scopes_are_read_back_as_labs_and_containers(tmp_path: Path) -> None:
    """Other bots' slices beside ours, and scopes that are no lab's, are not taken for labs."""
    scope = tmp_path / f"lessons.slice/lessons-{LAB}.slice" / f"docker-{'a' * 64}.scope"
    for folder in (scope, tmp_path / "lessons.slice/docker-b.scope", tmp_path / f"other.slice/other-{LAB}.slice"):
        folder.mkdir(parents=True)
    (scope / "cgroup.procs").write_text("7\n8\n")
    cgroups = Cgroups("lessons.slice", unified(tmp_path))
    assert cgroups.found() == {LAB}
    assert cgroups.processes(LAB) == {"a" * 64: [7, 8]}


@pytest.mark.parametrize("words", ["exit 1", "exit 0"])
def test_limits_that_systemd_does_not_set_close_the_lab(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses, or says yes although the kernel has no such controller."""
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f"#!/bin/sh\n{words}\n")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(LabError, match=r"systemctl|does not bound memory"):
        Cgroups("lessons.slice", unified(tmp_path)).ensure(LAB, LIMITS)


def test_a_machine_without_systemctl_opens_no_lab_in_a_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And closing one is no error."""
    monkeypatch.setenv("PATH", str(tmp_path))
    cgroups = Cgroups("lessons.slice", unified(tmp_path))
    with pytest.raises(LabError):
        cgroups.ensure(LAB, LIMITS)
    cgroups.remove(LAB)


@pytest.fixture
def real() -> Iterator[Cgroups]:
    """A bot's slice of this machine; the lab in it is gone afterwards, and so is the slice."""
    name = f"dosirak-test{secrets.token_hex(4)}.slice"
    cgroups = Cgroups(name)
    yield cgroups
    cgroups.remove(LAB)
    slices.stop(name)


def in_force(cgroups: Cgroups) -> tuple[str, ...]:
    """What the kernel has."""
    folder = ROOT / cgroups.folder(LAB)
    files = ("memory.max", "memory.swap.max", "cpu.max", "pids.max")
    return tuple((folder / file).read_text().strip() for file in files)


@needs_systemd
def test_limits_in_a_slice_are_in_force_and_stay_so(real: Cgroups) -> None:
    """Also after systemd has read everything anew, which undoes what others write; and new ones replace them."""
    real.ensure(LAB, LIMITS)
    assert in_force(real) == (str(64 * 2**20), "0", "50000 100000", "40")
    subprocess.run(("systemctl", "daemon-reload"), check=True)
    assert in_force(real) == (str(64 * 2**20), "0", "50000 100000", "40")
    real.ensure(LAB, LabLimits(memory=128 * 2**20, cpus=2, pids=50))
    assert in_force(real) == (str(128 * 2**20), "0", "200000 100000", "50")
    assert real.found() == {LAB}


@needs_systemd
def test_a_closed_labs_slice_leaves_nothing(real: Cgroups) -> None:
    """No cgroup, no process, and no file that would limit the next one of this name."""
    real.ensure(LAB, LIMITS)
    command = ("systemd-run", "--scope", "--quiet", f"--slice={real.path(LAB)}", "sleep", "1000")
    process = subprocess.Popen(command)
    folder = ROOT / real.folder(LAB)
    while not any(folder.glob("*.scope")):
        assert process.poll() is None
    real.remove(LAB)
    assert process.wait(10) != 0
    assert not folder.exists() and not (slices.DROP_INS / f"{real.path(LAB)}.d").exists()
    real.remove(LAB)
