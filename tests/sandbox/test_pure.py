"""Reading what the engine and the kernel write, without either."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import LabError
from bot.identity import LabId
from bot.sandbox.cgroups import Cgroups, LabLimits
from bot.sandbox.events import EngineBack, EngineGone, Events, LabEvent
from bot.sandbox.hostid import host_id
from bot.sandbox.summary import PublishedPort, summary

LAB = LabId("0123456789")
LIMITS = LabLimits(memory=512 * 2**20, cpus=0.5, pids=256)


def described(**state: Any) -> dict[str, Any]:
    """A container as `GET /containers/{id}/json` describes it."""
    return {
        "Id": "a" * 64,
        "Name": f"/lab-{LAB}.web",
        "Created": "2026-03-01T10:00:00.123456789Z",
        "Config": {
            "Image": "sha256:1",
            "Labels": {
                "dosirak.image": "diamol/base",
                "dosirak.ports": '[{"host": 8088, "container": 80, "protocol": "tcp", "ip": "0.0.0.0"}]',
            },
        },
        "State": {
            "Status": "exited",
            "ExitCode": 137,
            "StartedAt": "2026-03-01T10:00:01Z",
            "FinishedAt": "2026-03-01T10:00:02Z",
        }
        | state,
    }


def test_a_description_becomes_a_card() -> None:
    """Names are the learner's: of the container and of the image."""
    card = summary(LAB, described())
    assert (card.name, card.image, card.state, card.exit_code) == ("web", "diamol/base", "exited", 137)
    assert card.created_at == datetime(2026, 3, 1, 10, 0, 0, 123456, UTC)
    assert card.ports == (PublishedPort(8088, 80, "tcp"),)


def test_what_has_not_happened_has_no_time() -> None:
    """Go writes the year 1; a running container has no exit code although the engine says 0."""
    card = summary(LAB, described(Status="running", ExitCode=0, FinishedAt="0001-01-01T00:00:00Z"))
    assert card.runs and card.exit_code is None and card.finished_at is None
    assert summary(LAB, described(Status="created", StartedAt="0001-01-01T00:00:00Z")).started_at is None


def test_limits_are_written_for_a_unified_hierarchy(tmp_path: Path) -> None:
    """Version 2: controllers are handed down, then memory without swap, CPU time and processes are bounded."""
    root = tmp_path / "cgroup"
    (root / "dosirak" / LAB).mkdir(parents=True)
    (root / "dosirak" / LAB / "memory.swap.max").touch()
    cgroups = Cgroups("/dosirak", _mounts(tmp_path, f"cgroup2 {root} cgroup2 rw 0 0"))
    cgroups.ensure(LAB, LIMITS)
    folder = root / "dosirak" / LAB
    assert (root / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    written = {file.name: file.read_text() for file in folder.iterdir()}
    assert written == {
        "memory.max": str(512 * 2**20),
        "memory.swap.max": "0",
        "cpu.max": "50000 100000",
        "pids.max": "256",
    }
    assert cgroups.found() == {LAB}


def test_a_unified_hierarchy_that_is_mounted_twice_is_unified(tmp_path: Path) -> None:
    """As some network programs do; and a parent of several parts hands its controllers down at each of them."""
    root, second = tmp_path / "cgroup", tmp_path / "second"
    (root / "a/b" / LAB).mkdir(parents=True)
    lines = [f"cgroup2 {folder} cgroup2 rw 0 0" for folder in (root, second)]
    Cgroups("/a/b", _mounts(tmp_path, *lines)).ensure(LAB, LIMITS)
    assert (root / "a/b" / LAB / "pids.max").read_text() == "256"
    assert all((root / above / "cgroup.subtree_control").exists() for above in ("", "a", "a/b"))


def test_limits_are_written_for_separate_hierarchies(tmp_path: Path) -> None:
    """Version 1: one folder under each controller; one that the host lacks is left out."""
    for controller in ("memory", "cpu,cpuacct"):
        (tmp_path / controller).mkdir()
    lines = [f"cgroup {tmp_path / name} cgroup rw 0 0" for name in ("memory", "cpu,cpuacct")]
    Cgroups("/dosirak", _mounts(tmp_path, *lines)).ensure(LAB, LIMITS)
    assert (tmp_path / "memory/dosirak" / LAB / "memory.limit_in_bytes").read_text() == str(512 * 2**20)
    assert (tmp_path / "cpu,cpuacct/dosirak" / LAB / "cpu.cfs_quota_us").read_text() == "50000"


def test_limits_that_cannot_be_set_close_the_lab(tmp_path: Path) -> None:
    """A lab without its walls is not opened."""
    (tmp_path / "memory").write_text("a file, not a hierarchy")
    with pytest.raises(LabError):
        Cgroups("/dosirak", _mounts(tmp_path, f"cgroup {tmp_path / 'memory'} cgroup rw 0 0")).ensure(LAB, LIMITS)


def test_a_lab_is_frozen_in_either_version(tmp_path: Path) -> None:
    """The lab's own cgroup is told, and its word counts; what has no process is still."""
    one, two = tmp_path / "freezer", tmp_path / "unified"
    for root, switch, cold, warm, told, half, whole in (
        (one, "freezer.state", "FROZEN", "THAWED", "freezer.state", "FREEZING\n", "FROZEN\n"),
        (two, "cgroup.freeze", "1", "0", "cgroup.events", "populated 1\nfrozen 0\n", "populated 1\nfrozen 1\n"),
    ):
        kind = "cgroup" if root is one else "cgroup2"
        cgroups = Cgroups("/dosirak", _mounts(tmp_path, f"{kind} {root} {kind} rw 0 0"))
        cgroups.freeze(LAB)
        assert cgroups.frozen(LAB), "nothing has run there yet"
        folder = root / "dosirak" / LAB
        folder.mkdir(parents=True)
        cgroups.freeze(LAB)
        assert (folder / switch).read_text() == cold
        (folder / told).write_text(half)
        assert not cgroups.frozen(LAB)
        (folder / told).write_text(whole)
        assert cgroups.frozen(LAB)
        cgroups.thaw_all()
        assert (folder / switch).read_text() == warm


def test_a_host_that_cannot_freeze_says_that_a_lab_runs(tmp_path: Path) -> None:
    """No freezer, and a process: not still."""
    container = tmp_path / "pids" / "dosirak" / LAB / "c"
    container.mkdir(parents=True)
    cgroups = Cgroups("/dosirak", _mounts(tmp_path, f"cgroup {tmp_path / 'pids'} cgroup rw 0 0"))
    cgroups.freeze(LAB)
    assert cgroups.frozen(LAB)
    (container / "cgroup.procs").write_text("17\n")
    assert not cgroups.frozen(LAB)
    cgroups.thaw(LAB)


def test_one_broken_listener_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """Its fault is logged; who stopped listening hears nothing more."""
    heard: list[LabEvent] = []
    events = Events()

    def broken(event: LabEvent) -> None:
        raise RuntimeError("no")

    events.listen(broken)
    stop = events.listen(heard.append)
    events.tell(EngineGone())
    stop()
    events.tell(EngineBack())
    assert heard == [EngineGone()] and "no" in caplog.text


def _mounts(folder: Path, *lines: str) -> Path:
    file = folder / "mounts"
    file.write_text("\n".join(lines))
    return file


def test_a_bot_keeps_its_word(tmp_path: Path) -> None:
    """The same after a restart, another in another folder, and a damaged one is said."""
    own = host_id(tmp_path / "one")
    assert host_id(tmp_path / "one") == own != host_id(tmp_path / "two")
    (tmp_path / "one" / "host-id").write_text("?")
    with pytest.raises(LabError, match=r"host-id is damaged"):
        host_id(tmp_path / "one")
