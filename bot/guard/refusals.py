"""What this lab leaves out, each with the sentence that teaches it (the CLI prints it after "Error response …")."""

from __future__ import annotations

from types import MappingProxyType

from bot.guard.verdict import Refused

SENTENCES = MappingProxyType(
    {
        "privileged": "--privileged gives a container the host's own powers; this lab runs without it",
        "cap-add": "--cap-add gives a container powers over the host's kernel; containers here keep a small safe set",
        "device": "--device and --gpus hand the host's hardware to a container; this lab has none to share",
        "bind": "a bind mount shows the host's own files to a container; use a named volume instead: -v mydata:/path",
        "mount": "this lab mounts named volumes and small tmpfs only; try -v mydata:/path",
        "volumes-from": "--volumes-from is left out here; name the volume in both containers: -v mydata:/path",
        "volume-driver": "this lab has local volumes without options only; leave out --driver and --opt",
        "pid": "--pid host shows a container every process of the host; each container here sees only its own",
        "ipc": "--ipc host shares memory with the host's processes; each container here has its own",
        "uts": "--uts host shares the host's name; use --hostname to give the container one of its own",
        "userns": "--userns host makes root in the container root on the host; this lab keeps them apart",
        "cgroupns": "--cgroupns host shows the host's control groups; each container here has its own view",
        "cgroup-parent": "--cgroup-parent would move a container out of this lab's limits; leave it out",
        "network-host": "--network host shares the host's own network; publish a port instead: -p 8088:80",
        "network-container": "--network container: is left out here; create a network and put both containers on it",
        "network-driver": "this lab makes bridge networks only; leave out --driver, its options and addresses",
        "network-address": "addresses are given by the engine here; reach a container by its name on a common network",
        "endpoint": "this lab lets you choose a container's network aliases only; addresses are given by the engine",
        "security-opt": "--security-opt can switch off the shields around a container; this lab keeps them on",
        "masked-paths": "the protected parts of /proc and /sys stay protected here; leave systempaths=unconfined out",
        "sysctl": "--sysctl changes kernel settings; this lab keeps the engine's",
        "ulimit": "--ulimit is fixed in this lab: 1024 open files, files of up to 16 MiB, no core dumps",
        "memory": "this lab gives a container a fixed share of memory; ask for less, or leave -m out",
        "cpu": "this lab shares its processors by itself; ask for less, or leave the CPU options out",
        "pids": "this lab bounds the processes of a container; ask for less, or leave --pids-limit out",
        "oom": "the engine decides here which process ends when memory runs out; leave the OOM options out",
        "block-io": "disk speed options need the host's devices; leave them out",
        "shm-size": "this lab gives a container at most 64 MiB of /dev/shm",
        "tmpfs": "a tmpfs here is at most 32 MiB, plain, and not on /proc, /sys or /dev; try --tmpfs /scratch:size=16m",
        "restart": "this lab restarts a container on failure at most 3 times; try --restart on-failure:3",
        "restarts-full": "this lab has as many containers that restart on failure as it may; remove one of them first",
        "restart-late": "whether a container restarts is chosen when it is made here; run it again with --restart",
        "log-driver": "this lab keeps the last 2 MB of each container's log; read it with docker container logs",
        "dns": "names are answered by the engine inside this lab; leave out --dns and its options",
        "add-host": "--add-host is left out here; containers on a common network find each other by name",
        "domainname": "--domainname is left out here; --hostname gives the container a name",
        "mac-address": "hardware addresses are given by the engine here; leave --mac-address out",
        "group-add": "--group-add is left out here; choose the user and group with --user",
        "link": "--link is an old way to join containers; create a network and reach them by name",
        "runtime": "the container runtime is chosen by this lab's host; leave --runtime and --isolation out",
        "storage-opt": "storage options belong to the host; leave them out",
        "workdir": "a working directory under /proc, /sys or /dev is left out here; choose one of the container's own",
        "healthcheck": "a health check here runs at most every 5 seconds, with up to 10 retries",
        "signal": "this lab passes on TERM, KILL, INT, HUP, QUIT, USR1, USR2, WINCH, STOP and CONT",
        "publish": "publish one port at a time here: -p 8088:80, up to 16 for a container",
        "port-address": "ports are published on 0.0.0.0 or 127.0.0.1 here; leave the address out",
        "reserved-label": "labels that begin with dosirak. are this lab's own; choose another name",
        "too-much": "that is more than this lab takes in one container; ask for less",
        "exec-privileged": "docker exec --privileged gives a process the host's own powers; this lab runs without it",
        "update": "limits are fixed when a container is created here; remove it and run it again with others",
        "build": "building images is left out in this lab; run the images of the course",
        "commit": "making images from containers is left out in this lab; run the images of the course",
        "image-load": "loading and importing images is left out in this lab; pull one of the course's images",
        "image-save": "saving and exporting is left out in this lab; docker cp copies single files",
        "image-push": "pushing images needs a registry account; this lab only pulls",
        "image-tag": "tagging images is left out in this lab; use the names they were pulled with",
        "registry": "this lab has no way out to registries; it pulls the course's images only",
        "login": "this lab needs no account: its images can be pulled without docker login",
        "swarm": "This node is not a swarm manager, and in this lab it stays a single engine",
        "plugins": "plugins run with the host's own powers; this lab has none",
        "checkpoint": "checkpoints are left out in this lab; docker pause and docker unpause hold a container still",
        "websocket-attach": "attach over a web socket is left out in this lab; use docker attach",
        "copy-running": "docker cp with a running container that has volumes is left out here; stop it first",
        "copy-path": "copying from or to /proc, /sys and /dev is left out in this lab",
        "copy-archive": "docker cp takes plain files up to 16 MiB and folders here, 64 MiB in all, but no device files",
        "containers-full": "this lab is full: remove a container first (docker container rm)",
        "networks-full": "this lab has as many networks as it may; remove one first (docker network rm)",
        "volumes-full": "this lab has as many volumes as it may; remove one first (docker volume rm)",
        "execs-full": "this container has as many exec sessions as it may; end one first",
        "field": "this lab does not know that option",
    }
)
"""Feature → what is refused, why, and what to do instead."""


def refuse(feature: str, detail: str = "", status: int = 403) -> Refused:
    """The refusal of a feature, with its sentence; `detail` names the learner's own value, never the engine's."""
    sentence = SENTENCES[feature]
    return Refused(status, feature, f"{sentence} ({detail})" if detail else sentence)
