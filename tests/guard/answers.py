"""What an engine says about a lab, with the host and another lab in every corner; and calls to show it by."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from bot.guard import facts as ask
from bot.guard.verdict import Question
from tests.guard.lab import (
    DB,
    HIDDEN_IMAGE,
    IMAGE,
    LAB,
    NETWORK,
    OTHER,
    OTHER_NETWORK,
    THEIRS,
    TOOLBOX,
    WEB,
    container,
    knowledge,
    network,
    published,
)

HOST = "HOST-ONLY"
"""Stands wherever the engine says something about the machine, or about another lab."""
BACK = "f" * 64
WEB_IMAGE = "sha256:" + "a" * 64
ANONYMOUS = "7" * 64
LABELS = {
    "dosirak.lab": LAB,
    "dosirak.role": "learner",
    "dosirak.image": "diamol/base",
    "dosirak.ports": json.dumps(
        [
            {"host": 8088, "container": 80, "protocol": "tcp"},
            {"host": 9000, "container": 90, "protocol": "udp", "ip": "127.0.0.1"},
        ]
    ),
    "dosirak.exposed": "80/tcp 443/tcp",
    "dosirak.publish": "all",
    "dosirak.host": HOST,
    "course": "lunch",
}
ENDPOINT = {
    "IPAMConfig": None,
    "Links": None,
    "DriverOpts": {"x": HOST},
    "NetworkID": NETWORK,
    "EndpointID": "5" * 64,
    "Gateway": "10.64.0.1",
    "IPAddress": "10.64.0.3",
    "IPPrefixLen": 28,
    "MacAddress": "02:42:0a:40:00:03",
    "Aliases": ["web", WEB[:12], "www"],
}
MOUNTS = [
    {"Type": "volume", "Name": f"lab-{LAB}.data", "Source": f"/{HOST}/_data", "Destination": "/data", "RW": True},
    {"Type": "volume", "Name": ANONYMOUS, "Source": f"/{HOST}/_data", "Destination": "/scratch", "RW": True},
    {"Type": "tmpfs", "Source": "", "Destination": "/tmp", "RW": True},
]
ASKED_MOUNTS = [
    {
        "Type": "volume",
        "Source": f"lab-{LAB}.data",
        "Target": "/data",
        "ReadOnly": True,
        "VolumeOptions": {"NoCopy": True, "Labels": {"dosirak.lab": LAB, "dosirak.written": "bind"}},
    },
    {"Type": "volume", "Target": "/scratch", "VolumeOptions": {"Labels": {"dosirak.anonymous": "1"}}},
    {
        "Type": "volume",
        "Source": f"lab-{LAB}.more",
        "Target": "/more",
        "VolumeOptions": {"Labels": {"dosirak.lab": LAB}},
    },
]
LISTED = published(container(WEB, "web"), 8088) | {
    "Labels": LABELS,
    "SizeRw": HOST,
    "NetworkSettings": {"Networks": {f"lab-{LAB}": ENDPOINT, f"lab-{LAB}.back": ENDPOINT | {"NetworkID": BACK}}},
    "Mounts": MOUNTS,
    "Ports": [{"PrivatePort": 80, "PublicPort": 1, "IP": HOST, "Type": "tcp"}],
}
STATE = {
    "Status": "running",
    "Running": True,
    "Paused": False,
    "Restarting": False,
    "OOMKilled": False,
    "Dead": False,
    "Pid": 4242,
    "ExitCode": 0,
    "Error": "",
    "StartedAt": "2026-01-01T00:00:00Z",
    "FinishedAt": "0001-01-01T00:00:00Z",
    "Health": {"Status": "healthy", "FailingStreak": 0, "Log": []},
}
DETAIL = {
    "Id": WEB,
    "Created": "2026-01-01T00:00:00Z",
    "Path": "sh",
    "Args": ["-c", "sleep 1"],
    "State": STATE,
    "Image": IMAGE,
    "ResolvConfPath": f"/{HOST}/resolv.conf",
    "HostnamePath": f"/{HOST}/hostname",
    "HostsPath": f"/{HOST}/hosts",
    "LogPath": f"/{HOST}/log",
    "Name": f"/lab-{LAB}.web",
    "RestartCount": 1,
    "Driver": "overlay2",
    "Platform": "linux",
    "MountLabel": HOST,
    "ProcessLabel": HOST,
    "AppArmorProfile": HOST,
    "ExecIDs": ["5" * 64],
    "HostConfig": {
        "Binds": None,
        "ContainerIDFile": "",
        "LogConfig": {"Type": "local", "Config": {"max-size": "1m", "max-file": "2"}},
        "NetworkMode": NETWORK,
        "PortBindings": {"80/tcp": [{"HostIp": HOST, "HostPort": "1"}]},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": False,
        "VolumeDriver": "",
        "CapAdd": ["CHOWN"],
        "CapDrop": ["ALL"],
        "CgroupnsMode": "private",
        "CgroupParent": f"/{HOST}",
        "Dns": [HOST],
        "DnsOptions": [HOST],
        "ExtraHosts": [HOST],
        "Memory": 134217728,
        "Mounts": ASKED_MOUNTS,
        "MaskedPaths": ["/proc/kcore"],
        "Unknown": HOST,
    },
    "GraphDriver": {"Data": {"UpperDir": f"/{HOST}/diff"}, "Name": "overlay2"},
    "Mounts": MOUNTS,
    "Config": {"Hostname": "web", "Image": IMAGE, "Labels": LABELS, "Volumes": None, "Env": ["A=b"]},
    "NetworkSettings": {
        "Bridge": HOST,
        "SandboxID": HOST,
        "SandboxKey": f"/{HOST}/netns",
        "Ports": {"80/tcp": [{"HostIp": HOST, "HostPort": "1"}]},
        "Networks": {f"lab-{LAB}": ENDPOINT, f"lab-{LAB}.back": ENDPOINT | {"NetworkID": BACK}},
    },
    "Unknown": HOST,
}
ENGINE = {
    "ID": HOST,
    "Name": HOST,
    "Labels": [HOST],
    "DockerRootDir": f"/{HOST}",
    "HttpProxy": HOST,
    "RegistryConfig": {"Mirrors": [HOST]},
    "Containers": 99,
    "Images": 99,
    "NCPU": 99,
    "MemTotal": 99,
    "ServerVersion": "20.10.24",
    "Driver": "overlay2",
    "OSType": "linux",
    "Architecture": "x86_64",
    "OperatingSystem": "Debian",
    "KernelVersion": "6.1",
    "CgroupDriver": "cgroupfs",
    "CgroupVersion": "1",
    "SystemTime": "2026-01-01T00:00:00Z",
    "IndexServerAddress": "https://index.docker.io/v1/",
    "Swarm": {"NodeID": HOST},
    "Warnings": [HOST],
}
NETWORK_DETAIL = network(BACK, f"lab-{LAB}.back", "learner") | {
    "Labels": LABELS,
    "Options": {"com.docker.network.bridge.name": f"lab{LAB}00", "x": HOST},
    "Internal": True,
    "Containers": {
        WEB: {"Name": f"lab-{LAB}.web", "EndpointID": "5" * 64, "IPv4Address": "10.64.0.3/28"},
        TOOLBOX: {"Name": HOST, "IPv4Address": HOST},
        THEIRS: {"Name": HOST, "IPv4Address": HOST},
    },
    "Peers": [HOST],
}
IMAGE_DETAIL = {
    "Id": IMAGE,
    "RepoTags": ["diamol/base:latest", f"{HOST.lower()}/other:latest"],
    "RepoDigests": [f"diamol/base@sha256:{'4' * 64}", f"{HOST.lower()}/other@sha256:{'4' * 64}"],
    "Parent": HOST,
    "Container": HOST,
    "ContainerConfig": {"Hostname": HOST},
    "Config": {"Cmd": ["sh"]},
    "GraphDriver": {"Data": {"UpperDir": HOST}},
    "Metadata": {"LastTagTime": HOST},
    "RootFS": {"Type": "layers", "Layers": ["sha256:" + "3" * 64]},
}
IMAGES = [
    {
        "Id": IMAGE,
        "RepoTags": ["diamol/base:latest", f"{HOST.lower()}/other:latest"],
        "RepoDigests": [f"diamol/base@sha256:{'4' * 64}", f"{HOST.lower()}/other@sha256:{'4' * 64}"],
        "ParentId": HOST,
        "Created": 5,
        "Size": 1000,
        "VirtualSize": 1000,
        "SharedSize": 77,
        "Containers": 77,
        "Labels": None,
    },
    {
        "Id": WEB_IMAGE,
        "RepoTags": ["diamol/web:latest"],
        "RepoDigests": None,
        "Created": 4,
        "Size": 10,
        "VirtualSize": 10,
        "Labels": {},
    },
    {
        "Id": HIDDEN_IMAGE,
        "RepoTags": ["secret/other:latest"],
        "RepoDigests": None,
        "Created": 6,
        "Size": 9,
        "Labels": {},
    },
]
VOLUMES = [
    {
        "Name": f"lab-{lab}.data" if lab == LAB else HOST,
        "CreatedAt": "2026",
        "Driver": "local",
        "Scope": "local",
        "Mountpoint": f"/{HOST}/_data",
        "Labels": {"dosirak.lab": lab, "dosirak.role": "learner", "note": "x"},
        "Options": {"device": HOST},
        "Status": HOST,
    }
    for lab in (LAB, OTHER)
]


def known(*shelf: str) -> dict[Question, Any]:
    """The lab's own, its toolbox, another lab's, as an engine that does not filter would list them."""
    return knowledge(
        containers=[
            LISTED,
            container(DB, "db", state="exited") | {"Labels": LABELS, "Mounts": MOUNTS},
            container(TOOLBOX, HOST, role="toolbox"),
            container(THEIRS, HOST, lab=OTHER),
        ],
        networks=[
            network(NETWORK, f"lab-{LAB}", "network")
            | {"Options": {"x": HOST}, "Containers": {TOOLBOX: {"Name": HOST}}},
            NETWORK_DETAIL,
            network(OTHER_NETWORK, HOST, "learner") | {"Labels": {"dosirak.lab": OTHER, "dosirak.role": "learner"}},
        ],
        volumes=[*VOLUMES, VOLUMES[0] | {"Name": f"lab-{LAB}.idle"}],
        images=IMAGES,
        shelf=frozenset(shelf or {"diamol/base:latest", "diamol/web:latest"}),
        more={
            ask.image(WEB_IMAGE): {
                "Config": {"Volumes": {"//cache//": {}}, "ExposedPorts": {"80/tcp": {}}},
                "RootFS": {"Layers": ["sha256:" + "3" * 64, "sha256:" + "5" * 64]},
            },
            ask.ENGINE: ENGINE,
            ask.execution("5" * 64): {"ContainerID": WEB, "ProcessConfig": {"tty": False}},
        },
    )


def event(kind: str, action: str, identity: str, **attributes: str) -> dict[str, Any]:
    old = {"status": action, "id": identity, "from": HOST} if kind == "container" else {}
    actor = {"ID": identity, "Attributes": attributes}
    return old | {
        "Type": kind,
        "Action": action,
        "Actor": actor,
        "scope": "local",
        "time": 1,
        "timeNano": 1,
        "more": HOST,
    }


OWN = {key: value for key, value in LABELS.items() if key.startswith("dosirak.") or key == "course"}
FOREIGN = OWN | {"dosirak.lab": OTHER, "name": HOST, "image": HOST}
NEW, NEW_NETWORK = "c9" + "0" * 62, "a9" + "0" * 62
EVENTS = [
    event("container", "start", WEB, **OWN, name=f"lab-{LAB}.web", image=HOST),
    event("container", "exec_create: sh -c secret", THEIRS, **FOREIGN),
    event("container", "create", NEW, **OWN, name=f"lab-{LAB}.new", image=HOST),
    event("container", "die", NEW, **OWN, name=f"lab-{LAB}.new", image=HOST, exitCode="0"),
    event("container", "start", TOOLBOX, **OWN | {"dosirak.role": "toolbox"}, name=HOST),
    event("network", "connect", NETWORK, container=WEB, name=f"lab-{LAB}", type="bridge"),
    event("network", "connect", NETWORK, container=TOOLBOX, name=f"lab-{LAB}", type="bridge"),
    event("network", "create", NEW_NETWORK, name=f"lab-{LAB}.front", type="bridge"),
    event("network", "create", OTHER_NETWORK, name=f"lab-{OTHER}.{HOST}", type="bridge"),
    event("volume", "create", f"lab-{LAB}.new", driver="local"),
    event("volume", "mount", f"lab-{LAB}.data", container=WEB, driver="local"),
    event("volume", "mount", f"lab-{OTHER}.{HOST}", container=THEIRS, driver="local"),
    event("image", "pull", HOST, name=HOST),
    event("daemon", "reload", HOST, name=HOST),
]


def query(**filters: list[str]) -> str:
    return "?filters=" + quote(json.dumps(filters))


CALLS: dict[str, Any] = {
    "/containers/json?all=1&size=1": [
        LISTED,
        container(TOOLBOX, HOST, role="toolbox"),
        container(THEIRS, HOST, lab=OTHER),
    ],
    "/containers/json?limit=1": [LISTED, LISTED],
    "/containers/json" + query(publish=["8088"], name=["^/web$"]): [LISTED, container(DB, "db")],
    f"/containers/{WEB}/json?size=1": DETAIL,
    "/containers/web/stats": [{"name": f"/lab-{LAB}.web", "id": WEB, "pids_stats": {"current": 1}}],
    "/exec/" + "5" * 64 + "/json": {"ID": "5" * 64, "Running": True, "Pid": 4242, "ContainerID": WEB},
    "/networks": None,
    "/networks"
    + query(type=["custom"], label=["course=lunch"], driver=["bridge"], name=["ack"], scope=["local"]): None,
    "/networks/back": NETWORK_DETAIL,
    "/networks/none": None,
    "/volumes": None,
    "/volumes" + query(dangling=["1"]): None,
    "/volumes/data": None,
    "/images/json": None,
    "/images/json" + query(reference=["diamol/*"], label=["x"]): None,
    "/images/diamol/base/json": IMAGE_DETAIL,
    "/images/diamol/base/history": [
        {"Id": IMAGE, "Tags": [f"{HOST}:latest"], "CreatedBy": "sh"},
        {"Id": "<missing>", "Tags": None},
    ],
    "/info": None,
    "/version": {
        "Platform": {"Name": HOST},
        "Components": [{"Name": HOST}],
        "Version": "20.10.24",
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": HOST,
        "GoVersion": "go1",
        "GitCommit": "5d6db84",
        "BuildTime": "2023",
    },
    "/system/df": None,
    "/events": EVENTS,
    "/events" + query(type=["container"], event=["exec_create", "die"], label=["course"]): EVENTS,
    "/events" + query(container=["new"], image=["diamol/base"], scope=["local"]): EVENTS,
    "/events" + query(network=["front"]): EVENTS,
    "/events" + query(daemon=["x"]): EVENTS,
    "/networks" + query(id=["f"], dangling=["1"]): None,
    "/networks" + query(label=["other"]): None,
    "/networks" + query(id=["e"]): None,
    "/volumes" + query(name=["at"], driver=["local"], label=["note=x"]): None,
    "/volumes" + query(name=["zz"]): None,
    "/volumes" + query(driver=["nfs"]): None,
    "/volumes" + query(label=["other"]): None,
    "/images/json" + query(before=["diamol/base"]): None,
    "/images/json" + query(since=["diamol/base"]): None,
    "/images/json" + query(before=["diamol/web"]): None,
    "/images/json" + query(since=["diamol/web"]): None,
    "/plugins": None,
}
CHANGES: dict[str, tuple[Any, Any]] = {
    "POST /containers/create?name=fresh": ({"Image": "diamol/base"}, {"Id": NEW, "Warnings": [HOST]}),
    "POST /containers/create": (
        {"Image": "diamol/web", "HostConfig": {"Tmpfs": {"/tmp": "size=1m"}, "PublishAllPorts": True}},
        {"Id": NEW, "Warnings": [HOST]},
    ),
    "POST /containers/create?": (
        {"Image": "diamol/web", "HostConfig": {"Tmpfs": {"/cache": ""}}},
        {"Id": NEW, "Warnings": [HOST]},
    ),
    "POST /containers/web/exec": ({"Cmd": ["id"], "DetachKeys": "ctrl-p"}, {"Id": "5" * 64, "More": HOST}),
    f"POST /exec/{'5' * 64}/start": ({"Detach": True}, None),
    f"POST /exec/{'5' * 64}/resize?h=24&w=80&x=1": (None, None),
    "POST /networks/create": ({"Name": "front"}, {"Id": NEW_NETWORK, "Warning": HOST}),
    "POST /networks/back/connect": ({"Container": "web"}, None),
    "POST /networks/back/disconnect": ({"Container": "web", "Force": True}, None),
    "POST /networks/prune": (None, (204,)),
    "POST /networks/prune" + query(label=["other"]): (None, ()),
    "POST /networks/prune" + query(label=["course"]): (None, (409,)),
    "POST /volumes/create": ({"Labels": {"a": "b"}}, VOLUMES[0]),
    "POST /volumes/create?": ({"Name": "named", "Labels": {"a": "b"}}, VOLUMES[0]),
    "POST /volumes/prune": (None, (204,)),
    "POST /volumes/prune?": (None, (409,)),
    "POST /volumes/prune" + query(label=["other"]): (None, ()),
    "POST /containers/prune": (None, (204,)),
    "POST /images/prune": (None, None),
    "POST /build/prune": (None, None),
    "POST /images/create?fromImage=diamol/base&tag=latest": (None, None),
    "POST /images/create?fromImage=diamol/web&tag=latest": (None, None),
    "DELETE /images/diamol/web": (None, None),
}
"""What changes something: its body, and the engine's answer (or, for several requests, their statuses)."""
