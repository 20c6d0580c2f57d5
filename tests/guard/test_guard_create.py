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
    create_refused,
    created,
    forwarded,
    image,
    knowledge,
    refused,
)

HOST_REFUSALS: list[tuple[str, Any, str]] = [
    ("Privileged", True, "privileged"),
    ("CapAdd", ["ALL"], "cap-add"),
    ("CapAdd", ["SYS_ADMIN"], "cap-add"),
    ("CapAdd", ["cap_sys_admin"], "cap-add"),
    ("CapAdd", [" SYS_ADMIN"], "cap-add"),
    ("CapAdd", ["NET_RAW"], "cap-add"),
    ("PidMode", "host", "pid"),
    ("PidMode", "container:x", "pid"),
    ("IpcMode", "host", "ipc"),
    ("IpcMode", "shareable", "ipc"),
    ("UTSMode", "host", "uts"),
    ("UsernsMode", "host", "userns"),
    ("CgroupnsMode", "host", "cgroupns"),
    ("NetworkMode", "host", "network-host"),
    ("NetworkMode", "HOST", "network-host"),
    ("NetworkMode", "host ", "network-host"),
    ("NetworkMode", "ns:/proc/1/ns/net", "network-host"),
    ("NetworkMode", "container:web", "network-container"),
    ("NetworkMode", "b" * 64, "no-network"),
    ("NetworkMode", "lab-b1b1b1b1b1", "no-network"),
    ("SecurityOpt", ["seccomp=unconfined"], "security-opt"),
    ("SecurityOpt", ["apparmor=unconfined"], "security-opt"),
    ("SecurityOpt", ["no-new-privileges:true", "no-new-privileges:false"], "security-opt"),
    ("SecurityOpt", ["systempaths=unconfined"], "security-opt"),
    ("MaskedPaths", [], "masked-paths"),
    ("ReadonlyPaths", [], "masked-paths"),
    ("Devices", [{"PathOnHost": "/dev/mem"}], "device"),
    ("DeviceCgroupRules", ["a *:* rwm"], "device"),
    ("DeviceRequests", [{"Count": -1}], "device"),
    ("CgroupParent", "/", "cgroup-parent"),
    ("Sysctls", {"kernel.panic": "1"}, "sysctl"),
    ("Ulimits", [{"Name": "nofile", "Soft": 1048576, "Hard": 1048576}], "ulimit"),
    ("Memory", 100 * 2**30, "memory"),
    ("Memory", -1, "memory"),
    ("MemorySwap", -1, "memory"),
    ("KernelMemory", 1, "memory"),
    ("MemorySwappiness", 100, "memory"),
    ("OomKillDisable", True, "oom"),
    ("OomScoreAdj", -1000, "oom"),
    ("NanoCpus", 64 * 10**9, "cpu"),
    ("CpuShares", 262144, "cpu"),
    ("CpuRealtimeRuntime", 1, "cpu"),
    ("CpusetCpus", "0-1", "cpu"),
    ("PidsLimit", -1, "pids"),
    ("BlkioWeight", 10, "block-io"),
    ("BlkioDeviceReadBps", [{"Path": "/dev/vda", "Rate": 1}], "block-io"),
    ("ShmSize", 10 * 2**30, "shm-size"),
    ("Tmpfs", {"/t": "size=100g"}, "tmpfs"),
    ("Tmpfs", {"/t": "exec,suid"}, "tmpfs"),
    ("Tmpfs", {"/proc": ""}, "tmpfs"),
    ("RestartPolicy", {"Name": "always"}, "restart"),
    ("RestartPolicy", {"Name": "unless-stopped"}, "restart"),
    ("RestartPolicy", {"Name": "on-failure", "MaximumRetryCount": 1_000_000}, "restart"),
    ("LogConfig", {"Type": "syslog", "Config": {"syslog-address": "unix:///var/run/docker.sock"}}, "log-driver"),
    ("LogConfig", {"Type": "none", "Config": {}}, "log-driver"),
    ("LogConfig", {"Type": "local", "Config": {"max-size": "-1"}}, "log-driver"),
    ("StorageOpt", {"size": "1t"}, "storage-opt"),
    ("VolumeDriver", "rexray", "volume-driver"),
    ("VolumesFrom", ["web"], "volumes-from"),
    ("GroupAdd", ["docker"], "group-add"),
    ("Dns", ["8.8.8.8"], "dns"),
    ("DnsSearch", ["x"], "dns"),
    ("ExtraHosts", ["x:host-gateway"], "add-host"),
    ("Links", ["web:x"], "link"),
    ("Runtime", "runsc", "runtime"),
    ("Isolation", "hyperv", "runtime"),
    ("Binds", ["/:/h"], "bind"),
    ("Binds", ["/var/run/docker.sock:/s"], "bind"),
    ("Binds", ["./x:/y"], "bind"),
    ("Binds", ["~:/y"], "bind"),
    ("Binds", ["../v:/x"], "bind"),
    ("Binds", ["C:\\:/y"], "bind"),
    ("Binds", ["data:/x:rshared"], "mount"),
    ("Binds", ["data:/b:c:d"], "mount"),
    ("Binds", ["data:/proc"], "mount"),
    ("Mounts", [{"Type": "bind", "Source": "/", "Target": "/h"}], "bind"),
    ("Mounts", [{"Type": "npipe", "Source": "x", "Target": "/h"}], "mount"),
    ("Mounts", [{"Type": "volume", "Source": "/etc", "Target": "/h"}], "bad-name"),
    (
        "Mounts",
        [{"Type": "volume", "Target": "/h", "VolumeOptions": {"DriverConfig": {"Name": "local"}}}],
        "volume-driver",
    ),
    (
        "Mounts",
        [
            {
                "Type": "volume",
                "Source": "v",
                "Target": "/h",
                "VolumeOptions": {"DriverConfig": {"Options": {"o": "bind"}}},
            }
        ],
        "volume-driver",
    ),
    ("Mounts", [{"Type": "volume", "Target": "/h", "VolumeOptions": {"Subpath": "../../etc"}}], "mount"),
    ("Mounts", [{"Type": "volume", "Target": "/h", "BindOptions": {"Propagation": "shared"}}], "bind"),
    ("Mounts", [{"Type": "tmpfs", "Target": "/h", "TmpfsOptions": {"SizeBytes": -1}}], "tmpfs"),
    ("Mounts", [{"Type": "tmpfs", "Target": "/h", "TmpfsOptions": {"Options": [["exec"]]}}], "tmpfs"),
    ("PortBindings", {"80/sctp": [{"HostPort": "80"}]}, "publish"),
    ("PortBindings", {"1-65535/tcp": []}, "publish"),
    ("PortBindings", {"80/tcp": [{"HostPort": "-1"}]}, "bad-port"),
    ("PortBindings", {"80/tcp": [{"HostPort": "80abc"}]}, "bad-port"),
    ("PortBindings", {"80/tcp": [{"HostPort": "8000-9000"}]}, "bad-port"),
    ("PortBindings", {"80/tcp": [{"HostIp": "0.0.0.0%0", "HostPort": "80"}]}, "port-address"),
    ("PortBindings", {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "80"}]}, "port-address"),
]


@pytest.mark.parametrize(("key", "value", "code"), HOST_REFUSALS)
def test_what_reaches_for_the_host_is_refused_with_its_sentence(key: str, value: Any, code: str) -> None:
    """Sections D and E of the cases, as raw JSON."""
    assert len(create_refused({"HostConfig": {key: value}}, code).message) > 20


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"WorkingDir": "/proc/self/fd/8"}, "workdir"),
        ({"WorkingDir": "/./proc/1/root"}, "workdir"),
        ({"WorkingDir": "//proc"}, "workdir"),
        ({"WorkingDir": "/a/../proc"}, "workdir"),
        ({"WorkingDir": "../../proc"}, "bad-workdir"),
        ({"Domainname": "x"}, "domainname"),
        ({"MacAddress": "02:42:0a:00:00:01"}, "mac-address"),
        ({"Hostname": "x" * 300}, "too-much"),
        ({"Hostname": "a b"}, "bad-hostname"),
        ({"Volumes": {"/h:/etc": {}}}, "mount"),
        ({"Volumes": {"/": {}}}, "mount"),
        ({"Volumes": {"/proc": {}}}, "mount"),
        ({"Volumes": {f"/v{n}": {} for n in range(9)}}, "too-much"),
        ({"Labels": {"dosirak.lab": "x"}}, "reserved-label"),
        ({"Labels": {"DOSIRAK.role": "x"}}, "reserved-label"),
        ({"Labels": {"": "x"}}, "reserved-label"),
        ({"Labels": {f"l{n}": "" for n in range(33)}}, "too-much"),
        ({"Env": ["x" * 30_000] * 5}, "too-much"),
        ({"Env": ["x=1"] * 1000}, "too-much"),
        ({"ExposedPorts": {f"{n}/tcp": {} for n in range(1, 100)}}, "bad-field"),
        ({"Healthcheck": {"Test": ["CMD", "x"], "Interval": 1_000_000}}, "healthcheck"),
        ({"Healthcheck": {"Test": ["CMD", "x"], "Retries": 1_000_000}}, "healthcheck"),
        ({"Healthcheck": {"Test": ["CMD", "x"], "StartInterval": 1}}, "healthcheck"),
        ({"StopSignal": "RTMAX"}, "signal"),
        ({"Image": ""}, "no-image-named"),
        (
            {"NetworkingConfig": {"EndpointsConfig": {"default": {"IPAMConfig": {"IPv4Address": "10.0.0.9"}}}}},
            "endpoint",
        ),
        ({"NetworkingConfig": {"EndpointsConfig": {"default": {"Links": ["x"]}}}}, "link"),
        ({"NetworkingConfig": {"EndpointsConfig": {"default": {"DriverOpts": {"a": "b"}}}}}, "endpoint"),
        ({"NetworkingConfig": {"EndpointsConfig": {"default": {}, "back": {}}}}, "endpoint"),
        ({"NetworkingConfig": {"EndpointsConfig": {"back": {}}}}, "endpoint"),
        ({"NetworkingConfig": {"EndpointsConfig": {"b" * 64: {}}}}, "no-network"),
    ],
)
def test_what_is_beyond_a_bound_is_refused(body: dict[str, Any], code: str) -> None:
    """Sections C, D, E, F and H of the cases: fields outside HostConfig."""
    create_refused(body, code)


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


@pytest.mark.parametrize(
    "name", ["secret/other", "diamol/web", "alpine", "2" * 12, "sha256:" + "2" * 64, "2222", "deadbeef"]
)
def test_an_image_that_is_not_on_the_shelf_does_not_exist(name: str) -> None:
    """Cases G149–G151: hidden images, by name, id and prefix, all look missing."""
    verdict = create_refused({"Image": name}, "no-image", 404)
    assert verdict.message.startswith("No such image: ") and "2" * 64 not in verdict.message.replace(name, "")


@pytest.mark.parametrize(
    "name",
    [
        "diamol/Base",
        "diamol/base ",
        "diamol/base\n",
        "diamol/base:latest\u200b",
        "diamol/base:",
        "a/../b",
        "x" * 300,
        "a:" + "t" * 200,
    ],
)
def test_a_reference_that_is_none_is_400(name: str) -> None:
    """Case G147."""
    create_refused({"Image": name}, "bad-reference", 400)


def test_names_carry_the_labs_prefix_and_aliases_do_not() -> None:
    """The learner's name is the DNS name; the engine's is unique over all labs."""
    forward = forwarded(asked("POST", "/v1.41/containers/create", {"Image": "diamol/base"}, name="shop"))
    assert forward.request.query == (("name", f"lab-{LAB}.shop"),)
    assert forward.request.body["NetworkingConfig"]["EndpointsConfig"] == {NETWORK: {"Aliases": ["shop"]}}


@pytest.mark.parametrize("name", ["28f439729927", "a" * 64, "28f4", "x", "a/b", "a b", "-a", "é1", "n" * 64])
def test_names_that_could_be_ids_or_are_none_are_400(name: str) -> None:
    """Cases F130, F131."""
    verdict = asked("POST", "/v1.41/containers/create", {"Image": "diamol/base"}, name=name)
    assert isinstance(verdict, Refuse) and verdict.status == 400 and verdict.code in ("bad-name", "id-like-name")


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
