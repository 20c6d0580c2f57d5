"""What a killed engine left is found wherever the state folder lies."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from deploy.host import leftovers
from deploy.host.places import Places


@pytest.mark.parametrize("name", ["state", "도시락 상자", "back\\slash"])
def test_mounts_below_any_state_folder_are_taken_off(tmp_path: Path, name: str) -> None:
    """The kernel writes blanks and backslashes in a form of its own, and Korean as it is."""
    places = Places.of(tmp_path / name)
    point = places.engine_data / "merged"
    point.mkdir(parents=True)
    subprocess.run(("mount", "-t", "tmpfs", "none", point), check=True)
    leftovers.unmount(places)
    assert not os.path.ismount(point)


def test_what_was_frozen_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this engine's labs, in either version of cgroups; it could not end otherwise."""
    places = Places.of(tmp_path / "state")
    monkeypatch.setattr(leftovers, "CGROUPS", tmp_path / "cgroup")
    switches = [
        tmp_path / "cgroup" / "freezer" / places.name / "lab" / "freezer.state",
        tmp_path / "cgroup" / places.name / "lab" / "cgroup.freeze",
        tmp_path / "cgroup" / "freezer" / "another" / "lab" / "freezer.state",
    ]
    for switch in switches:
        switch.parent.mkdir(parents=True)
        switch.write_text("FROZEN")
    leftovers.thaw(places)
    assert [switch.read_text() for switch in switches] == ["THAWED", "0", "FROZEN"]
