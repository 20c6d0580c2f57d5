"""Where a state folder keeps its things."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import yaml

from deploy.host.engine import _containerd_settings
from deploy.host.faults import HostFault
from deploy.host.places import Places, closed_ancestor
from deploy.host.registry import configuration

SOCKET_PATH_LIMIT = 107
"""Bytes of a unix socket's path on Linux."""


def test_two_spellings_of_a_folder_are_one_place(tmp_path: Path) -> None:
    """The name follows from the real folder, however it is written."""
    (tmp_path / "link").symlink_to(tmp_path / "state")
    assert Places.of(tmp_path / "link").name == Places.of(tmp_path / "x" / ".." / "state").name


def test_different_folders_share_nothing(tmp_path: Path) -> None:
    """Name, run folder, namespace and data of two state folders differ."""
    one, two = Places.of(tmp_path / "one"), Places.of(tmp_path / "two")
    assert {one.name, one.run, one.namespace, one.engine_data}.isdisjoint(
        {two.name, two.run, two.namespace, two.engine_data}
    )


def test_sockets_stay_short_for_a_long_state_folder(tmp_path: Path) -> None:
    """A state folder of any depth works: sockets, and what containerd adds to theirs, fit the limit."""
    places = Places.of(tmp_path / ("very-long-name-" * 12))
    sockets = (places.engine_socket, places.containerd_socket.with_suffix(".sock.ttrpc"))
    assert all(len(bytes(socket)) < SOCKET_PATH_LIMIT for socket in sockets)


def test_a_folder_that_containers_cannot_enter_is_named(tmp_path: Path) -> None:
    """Remapped users pass through every folder on the way: the fault says which one forbids it, and what to do."""
    tmp_path.chmod(0o711)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert closed_ancestor(closed / "state") in (closed, *closed.parents)
    places = Places.of(closed / "state")
    try:
        with pytest.raises(HostFault, match=r"may not enter.*DOSIRAK_STATE"):
            places.prepare()
    finally:
        places.run.rmdir()


@pytest.mark.parametrize("name", ["\U0001f433 lunch", 'a "quoted" \\ folder', "한국어\x7f"])
def test_a_state_folder_of_any_name_is_read_back_from_the_configurations(name: str) -> None:
    """TOML and YAML take no halves of a character, which JSON writes beyond 16 bits."""
    places = Places(Path("/tmp") / name)
    assert tomllib.loads(_containerd_settings(places))["root"] == str(places.containerd_data)
    storage = yaml.safe_load(configuration(places))["storage"]
    assert storage["filesystem"]["rootdirectory"] == str(places.registry_data)
