"""What every container gets, whatever was asked: the settings behind which a lab's containers live."""

from __future__ import annotations

from typing import Any

from bot.guard.owner import Owner

CAPABILITIES = (
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETUID",
)
"""Enough for a web server that starts as root and drops to a user. No NET_RAW (spoofing), no MKNOD."""

NO_DNS = "127.0.0.1"
"""The engine answers for names of containers; any other question goes to the asker's own loopback: nobody there."""
DNS_OPTIONS = ("ndots:0", "timeout:1", "attempts:1")
"""The engine's resolver stays silent when it has no answer: an unknown name fails after one second, not after ten."""

STOP_SECONDS = 10
"""Docker's default, and the most a learner may ask: closing a lab waits no longer."""
SHM_BYTES = 64 * 1024 * 1024
"""Docker's default; it counts as the container's memory."""
RETRIES = 3
"""A container that fails three times in a row fails for ever; each start costs the engine 0.3 s."""


FILE_BYTES = 16 * 1024 * 1024
"""The engine reads a container's /etc/hosts, /etc/passwd and /etc/group whole, and its memory takes twenty bytes for
each of a line that fits; a hole of 100 GiB would take no room on the disk. A database's segments (16 MiB) still fit."""


def ulimits() -> list[dict[str, Any]]:
    """Open files as for a login shell, no endless files, no core dumps (they fill the disk), little locked memory.

    Timers and message queues are counted for the user who made the namespace as well, so all labs share one sum of
    them: `timeout` in one lab fails when another has 96,000 timers.
    """
    return [
        {"Name": "nofile", "Soft": 1024, "Hard": 2048},
        {"Name": "fsize", "Soft": FILE_BYTES, "Hard": FILE_BYTES},
        {"Name": "core", "Soft": 0, "Hard": 0},
        {"Name": "memlock", "Soft": 65536, "Hard": 65536},
        {"Name": "sigpending", "Soft": 256, "Hard": 256},
        {"Name": "msgqueue", "Soft": 0, "Hard": 0},
    ]


def host_config(owner: Owner) -> dict[str, Any]:
    """The part of HostConfig that no field of a request can change."""
    limits = owner.limits
    return {
        "Privileged": False,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "Binds": None,
        "PortBindings": {},
        "PublishAllPorts": False,
        "VolumesFrom": None,
        "CgroupParent": owner.cgroup_parent,
        "CgroupnsMode": "private",
        "IpcMode": "private",
        "PidMode": "",
        "UTSMode": "",
        "UsernsMode": "",
        "Runtime": owner.runtime,
        "LogConfig": {"Type": "local", "Config": {"max-size": "1m", "max-file": "2"}},
        "Dns": [NO_DNS],
        "DnsOptions": list(DNS_OPTIONS),
        # Learners' processes end before the host's own services do.
        "OomScoreAdj": 500,
        "OomKillDisable": False,
        # Half the default weight: the toolbox and the bot come first.
        "CpuShares": 512,
        "NanoCpus": round(limits.cpus * 1_000_000_000),
        "Memory": limits.container_memory,
        "MemorySwap": limits.container_memory,
        "PidsLimit": limits.container_pids,
        "Ulimits": ulimits(),
    }
