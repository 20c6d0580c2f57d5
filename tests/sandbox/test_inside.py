"""What a learner's root is inside: nobody outside, with few powers and nothing of the host in sight."""

from __future__ import annotations

import base64
import errno
import platform
import struct
from collections.abc import AsyncIterator
from shlex import quote

import pytest

from bot.guard.forced import CAPABILITIES
from bot.guard.forced import CAPABILITIES as CONTAINER_CAPABILITIES
from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from tests.sandbox.kit import BASE

pytestmark = pytest.mark.engine

NUMBERS = {
    "CHOWN": 0,
    "DAC_OVERRIDE": 1,
    "FOWNER": 3,
    "FSETID": 4,
    "KILL": 5,
    "SETGID": 6,
    "SETUID": 7,
    "NET_BIND_SERVICE": 10,
}
"""linux/capability.h"""

NOTHING_BEHIND = {"overlay", "proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2"}
"""Filesystems that show no file of the host."""

DEVICES = {"/null", "/zero", "/full", "/random", "/urandom", "/tty"}
"""What of the host's /dev every container has; /null also covers files of /proc."""

ENGINES_OWN = {"/etc/resolv.conf", "/etc/hosts", "/etc/hostname"}
"""Files that the engine writes for each container."""

CGROUP = "/sys/fs/cgroup/$([ -d /sys/fs/cgroup/memory ] && echo memory)"
"""The container's own cgroup: version 1 has a folder for each controller."""

EVERYWHERE = ["", "docker exec web "]


@pytest.fixture(scope="module")
async def lab(host: SandboxHost) -> AsyncIterator[Lab]:
    """A lab with a container, made through its gate."""
    lab = await host.labs.open(LabId("cccccccccc"))
    made = await lab.run_script(
        f"docker pull --quiet {BASE} && docker run --detach --name web --volume data:/data {BASE} sleep 10000"
    )
    assert made.exit_code == 0, made
    yield lab
    await host.labs.close(lab.id)


async def inside(lab: Lab, where: str, command: str) -> list[str]:
    """The lines that a command prints in the shell's container, or in the learner's."""
    return (await lab.run_script(f"{where}sh -c {quote(command)} 2>&1")).output.splitlines()


@pytest.mark.parametrize("where", EVERYWHERE, ids=["shell", "container"])
async def test_root_has_the_listed_powers_and_can_gain_none(lab: Lab, where: str) -> None:
    """Cases K200, K201: of PID 1 and of an exec; system calls are filtered, and no setuid program adds anything."""
    granted = CONTAINER_CAPABILITIES if where else CAPABILITIES
    mask = f"{sum(1 << NUMBERS[name] for name in granted):016x}"
    for process in ("self", "1"):
        status = dict(line.split(":\t", 1) for line in await inside(lab, where, f"cat /proc/{process}/status"))
        assert {status[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {mask}
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.parametrize("where", EVERYWHERE, ids=["shell", "container"])
async def test_what_the_kernel_counts_for_all_labs_together_is_bounded_for_each(lab: Lab, where: str) -> None:
    """Timers and message queues: the machine's sum of them is one for all namespaces that the engine made."""
    limits = await inside(lab, where, "cat /proc/self/limits")
    found = {line[:26].strip(): line[26:].split()[:2] for line in limits}
    assert found["Max pending signals"] == ["256", "256"] and found["Max msgqueue size"] == ["0", "0"]


@pytest.mark.parametrize("where", EVERYWHERE, ids=["shell", "container"])
async def test_root_is_nobody_outside(lab: Lab, where: str) -> None:
    """User 0 inside is another one outside, who owns nothing of the host."""
    within, outside, count = (await inside(lab, where, "cat /proc/self/uid_map"))[0].split()
    assert within == "0" and int(outside) >= 65536 and int(count) <= 65536


@pytest.mark.parametrize("where", EVERYWHERE, ids=["shell", "container"])
@pytest.mark.parametrize(
    "command",
    [
        "unshare -U true",
        "unshare -m true",
        "unshare -n true",
        "nsenter -t 1 -m true",
        "mount -t tmpfs none /mnt",
        "mount -o remount,rw /sys",
        "mount --bind / /mnt",
        "umount /proc/kcore",
        "mknod /tmp/disk b 254 0",
        "mknod /tmp/mem c 1 1",
        "mknod /tmp/pipe p",
        "mkfifo /tmp/pipe",
        "chroot / true",
        "dmesg",
        "echo b > /proc/sysrq-trigger",
        "echo core > /proc/sys/kernel/core_pattern",
        "echo 1 > /proc/sys/vm/drop_caches",
        f"cd {CGROUP} && mkdir more",
        f"cd {CGROUP} && echo $$ > cgroup.procs",
        f"cd {CGROUP} && for limit in memory.max memory.limit_in_bytes; do [ -e $limit ] && echo 1G > $limit; done",
        f"cd {CGROUP} && echo /x > release_agent",
        "cat /proc/kcore | head -c 1 | grep .",
        "hostname other",
        "date -s 2030-01-01 > /dev/null; date | grep 2030",
        "renice -n -10 -p 1",
    ],
)
async def test_the_kernel_is_out_of_reach(lab: Lab, where: str, command: str) -> None:
    """Case K200: namespaces, mounts, devices, the kernel's switches and its log."""
    assert (await lab.run_script(f"{where}busybox sh -c {quote(command)}")).exit_code != 0


SYSTEM_CALLS = {
    "add_key": (248, 0, 0),
    "bpf": (321, 0, 0),
    "init_module": (175, 0, 0),
    "kexec_load": (246, 0, 0),
    "keyctl": (250, 0, -3),
    "mount": (165, 0, 0),
    "move_mount": (429, 0, 0),
    "open_by_handle_at": (304, -1, 0),
    "perf_event_open": (298, 0, 0),
    "pivot_root": (155, 0, 0),
    "reboot": (169, 0, 0),
    "setns": (308, 0, 0),
    "swapon": (167, 0, 0),
    "unshare with a user namespace": (272, 0x10000000, 0),
    "userfaultfd": (323, 0, 0),
}
"""x86-64's numbers and two arguments that could do no harm."""


def program(number: int, first: int, second: int) -> bytes:
    """An ELF file that makes one system call and ends with its error number (0: none)."""
    values = b"\xb8" + struct.pack("<I", number) + b"\x48\xbf" + struct.pack("<q", first)
    values += b"\x48\xbe" + struct.pack("<q", second) + bytes.fromhex("31d24d31d24d31c04d31c9")
    code = values + bytes.fromhex("0f05 f7d8 89c7 b83c000000 0f05")
    start, size = 0x400000 + 120, 120 + len(code)
    head = (
        b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, start, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    )
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 4096) + code


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are this processor's")
@pytest.mark.parametrize("where", EVERYWHERE, ids=["shell", "container"])
async def test_system_calls_that_ask_much_of_the_kernel_fail(lab: Lab, where: str) -> None:
    """Case K200: not for their arguments but for lack of a right, or as if this kernel did not have them."""
    run = "cat > /tmp/call; chmod +x /tmp/call; /tmp/call; echo $?"
    found = {}
    for call, (number, first, second) in {"getpid": (39, 0, 0), **SYSTEM_CALLS}.items():
        text = base64.b64encode(program(number, first, second)).decode()
        interactive = where.replace("exec ", "exec -i ")
        tried = await lab.run_script(f"echo {text} | base64 -d | {interactive}sh -c {quote(run)}")
        found[call] = int(tried.output)
    assert found.pop("getpid") not in (errno.EPERM, errno.ENOSYS)
    assert {call: code for call, code in found.items() if code not in (errno.EPERM, errno.ENOSYS)} == {}


@pytest.mark.parametrize("where", EVERYWHERE, ids=["shell", "container"])
async def test_no_file_is_endless(lab: Lab, where: str) -> None:
    """Case L205: of a hole that takes no room on the disk either. The engine reads some files whole."""
    for file in ("/tmp/hole", "/etc/hosts", "/etc/group"):
        grown = await lab.run_script(f"{where}busybox truncate -s 17M {file}")
        assert grown.exit_code != 0, file


@pytest.mark.parametrize("where", EVERYWHERE, ids=["shell", "container"])
async def test_no_path_of_the_host_is_mounted(lab: Lab, where: str) -> None:
    """Case K202: what is not the kernel's is the engine's three files, the lab's volume, the shell's socket folder."""
    allowed = ENGINES_OWN | ({"/data"} if where else {"/root", "/run/dosirak"})
    for line in await inside(lab, where, "cat /proc/self/mountinfo"):
        left, right = line.split(" - ")
        (root, point), kind = left.split()[3:5], right.split()[0]
        device = kind == "devtmpfs" and root in DEVICES
        assert kind in NOTHING_BEHIND or device or point in allowed, line


async def test_the_shell_sees_one_socket_and_no_device(lab: Lab) -> None:
    """Case K199: its own gate's; neither the engine's nor another lab's. A container sees none."""
    find = "find / -path /proc -prune -o \\( -type s -o -type b \\) -print"
    assert await inside(lab, "", find) == ["find: ‘/run/dosirak’: Permission denied"]
    assert await inside(lab, "", "test -S /run/dosirak/docker.sock && readlink -f /var/run/docker.sock") == [
        "/run/dosirak/docker.sock"
    ]
    assert await inside(lab, "docker exec web ", find) == []


async def test_the_socket_cannot_be_replaced(lab: Lab) -> None:
    """Case K199: whoever came after would speak to something else."""
    for command in ("rm docker.sock", "mv docker.sock old", "ln -sf x docker.sock", "touch new", "chmod 0 docker.sock"):
        tried = await lab.run_script(f"cd /run/dosirak && {command}")
        assert tried.exit_code != 0 and "Read-only" in tried.output, tried
    assert (await lab.run_script("docker ps")).exit_code == 0


async def test_the_shells_own_container_is_not_there(lab: Lab, engine: Engine) -> None:
    """Case K204: by name or by id it is like one that never was, and nothing can be done to it."""
    identity = (await engine.inspect(f"toolbox-{lab.id}"))["Id"]
    for name in (f"toolbox-{lab.id}", identity, identity[:12]):
        for command in ("inspect", "stop", "rm --force", "pause", "rename x", "exec"):
            verb, _, rest = command.partition(" ")
            words = f"{verb} {name} {rest}" if verb == "rename" else f"{verb} {rest} {name} {'true' * (verb == 'exec')}"
            tried = await lab.run_script(f"docker container {words}")
            assert "No such container" in tried.output, (words, tried)
    assert "toolbox" not in (await lab.run_script("docker ps --all")).output
