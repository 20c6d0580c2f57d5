"""Creating a container: every field has its rule, and the forced settings are always there."""

from __future__ import annotations

from typing import Any

import pytest

from bot.guard import forced
from bot.guard.verdict import Forward, Refuse
from tests.guard.lab import (
    IMAGE,
    LAB,
    NETWORK,
    OWNER,
    asked,
    container,
    created,
    forwarded,
    image,
    knowledge,
    refused,
)


@pytest.mark.parametrize("value", ["text", 7, True, ["x"], {"a": 1}, [[1]]])
@pytest.mark.parametrize(
    "key", ["Cmd", "Env", "Labels", "Volumes", "ExposedPorts", "HostConfig", "NetworkingConfig", "Tty", "Image"]
)
def test_a_wrong_type_is_a_400_or_has_one_meaning(key: str, value: Any) -> None:
    """Case C84."""
    verdict = asked("POST", "/v1.41/containers/create", {"Image": "diamol/base", key: value})
    assert isinstance(verdict, Forward) or (isinstance(verdict, Refuse) and verdict.status in (400, 403, 404))


@pytest.mark.parametrize("body", [{}, {"HostConfig": None}, {"HostConfig": {}, "NetworkingConfig": None}])
def test_the_forced_settings_are_there_whatever_is_sent(body: dict[str, Any]) -> None:
    """Case C116, and section 4's table."""
    host = created(body)["HostConfig"]
    for key, value in forced.host_config(OWNER).items():
        assert host[key] == value, key
    assert host["CapAdd"] == list(forced.CAPABILITIES) and host["NetworkMode"] == NETWORK
    assert host["Mounts"] == [] and host["RestartPolicy"] == {"Name": "no", "MaximumRetryCount": 0}


def test_only_known_keys_leave() -> None:
    """The body is built, not patched: its keys are a closed set."""
    built = created({"Labels": {"a": "b"}, "Cmd": "sh", "Healthcheck": {"Test": ["NONE"]}, "StopTimeout": 99})
    config = {"Hostname", "User", "Tty", "OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr"}
    config |= {"Cmd", "WorkingDir", "StopSignal", "Healthcheck", "StopTimeout", "Image", "Labels", "ExposedPorts"}
    assert set(built) == config | {"HostConfig", "NetworkingConfig"}
    assert built["Cmd"] == ["sh"] and built["StopTimeout"] == forced.STOP_SECONDS
    asked_for = {"CapAdd", "Mounts", "RestartPolicy", "AutoRemove", "ReadonlyRootfs", "Init", "ShmSize", "NetworkMode"}
    assert set(built["HostConfig"]) == set(forced.host_config(OWNER)) | asked_for


def test_the_image_is_pinned_by_id_and_its_written_name_is_kept() -> None:
    """Cases G145, G152: the engine gets the id that was checked."""
    for name in ("diamol/base", "diamol/base:latest", "docker.io/diamol/base", "index.docker.io/diamol/base:latest"):
        assert created({"Image": name})["Image"] == IMAGE
    assert created({"Image": "diamol/base:latest"})["Labels"]["dosirak.image"] == "diamol/base"
    assert created({"Image": IMAGE[7:19]})["Image"] == IMAGE


def test_names_carry_the_labs_prefix_and_aliases_do_not() -> None:
    """The learner's name is the DNS name; the engine's is unique over all labs."""
    forward = forwarded(asked("POST", "/v1.41/containers/create", {"Image": "diamol/base"}, name="shop"))
    assert forward.request.query == (("name", f"lab-{LAB}.shop"),)
    assert forward.request.body["NetworkingConfig"]["EndpointsConfig"] == {NETWORK: {"Aliases": ["shop"]}}


def test_common_short_names_of_hex_letters_are_fine() -> None:
    """`db` and `cafe` are names before they are prefixes of anything."""
    for name in ("ab", "cafe", "dead", "db1"):
        created({}, name=name)


def test_a_name_in_use_is_dockers_conflict() -> None:
    """Case F132: the conflict is with the lab's own container."""
    verdict = asked("POST", "/v1.41/containers/create", {"Image": "diamol/base"}, name="web")
    assert refused(verdict, "name-in-use", 409).message.startswith(
        'Conflict. The container name "/web" is already in use'
    )


def test_the_labs_container_limit_holds() -> None:
    """Section J: a full lab refuses with what to do."""
    many = [container(f"{number:064x}", f"n{number}") for number in range(OWNER.limits.containers)]
    refused(
        asked("POST", "/v1.41/containers/create", {"Image": "diamol/base"}, knowledge(containers=many)),
        "containers-full",
    )


def test_volumes_travel_as_labelled_mounts() -> None:
    """Cases E117–E126: named, anonymous and the image's own volumes all have an owner."""
    detail = {"Config": {"Volumes": {"/image": {}}, "ExposedPorts": None}}
    body = {"Volumes": {"/anonymous": {}}, "HostConfig": {"Binds": ["data:/data:ro"], "Tmpfs": {"/t": "size=1m"}}}
    mounts = {mount["Target"]: mount for mount in created(body, knowledge(detail=detail))["HostConfig"]["Mounts"]}
    assert mounts["/data"]["Source"] == f"lab-{LAB}.data" and mounts["/data"]["ReadOnly"]
    for path in ("/anonymous", "/image"):
        assert "Source" not in mounts[path]
        assert mounts[path]["VolumeOptions"]["Labels"] == OWNER.labels() | {"dosirak.anonymous": "1"}
    assert mounts["/t"] == {"Type": "tmpfs", "Target": "/t", "ReadOnly": False, "TmpfsOptions": {"SizeBytes": 2**20}}


def test_the_labs_volume_limit_holds() -> None:
    """Mounts that would make one volume too many are refused; known ones are not counted again."""
    volumes = [{"Name": f"lab-{LAB}.v{n}", "Labels": OWNER.labels()} for n in range(OWNER.limits.volumes)]
    full = knowledge(volumes=volumes)
    created({"HostConfig": {"Binds": ["v1:/data"]}}, full)
    refused(
        asked("POST", "/v1.41/containers/create", {"Image": "diamol/base", "Volumes": {"/x": {}}}, full), "volumes-full"
    )


def test_smaller_shares_may_be_asked_for() -> None:
    """Bounded fields are the learner's up to the bound."""
    host = created({"HostConfig": {"Memory": 2**26, "NanoCpus": 5 * 10**8, "PidsLimit": 10, "CapDrop": ["CHOWN"]}})[
        "HostConfig"
    ]
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"], host["PidsLimit"]) == (2**26, 2**26, 5 * 10**8, 10)
    assert "CHOWN" not in host["CapAdd"] and host["CapDrop"] == ["ALL"]
    assert (
        created({"HostConfig": {"RestartPolicy": {"Name": "on-failure"}}})["HostConfig"]["RestartPolicy"][
            "MaximumRetryCount"
        ]
        == 3
    )


def test_a_second_image_of_the_same_id_prefix_is_not_guessed() -> None:
    """Case F135, for images: an ambiguous prefix means nothing."""
    two = [image("sha256:" + "1" * 64, "diamol/base:latest"), image("sha256:1111" + "4" * 60, "diamol/web:latest")]
    known = knowledge(images=two, shelf=frozenset({"diamol/base:latest", "diamol/web:latest"}))
    refused(asked("POST", "/v1.41/containers/create", {"Image": "1111"}, known), "no-image", 404)
