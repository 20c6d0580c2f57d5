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
