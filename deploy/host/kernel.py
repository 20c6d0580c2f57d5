"""What this machine's kernel has for all labs together: a line at the start, when the labs may need more.

Nothing is changed here. Whatever else runs on this machine lives by these numbers too, and a raised one stays raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deploy.host.words import say

SYSCTLS = Path("/proc/sys")
LABS, CONTAINERS, PIDS = 200, 12, 256
"""The defaults of DOSIRAK_LABS_MAX, DOSIRAK_LAB_CONTAINERS and DOSIRAK_LAB_PIDS, as in bot/settings.py."""
SPARE_KEYS, KEY_BYTES = 20, 100
"""Of the user that all labs' roots are outside, who has one for each container, toolbox, and bash that waits for a
check; and what one takes."""
HOST_QUEUES, QUEUES = 192, 40
"""Queues of inotify: more than the kernel lets all services of a host have by default, and those of a busy lab."""
TERMINALS = 4
"""Of a lab at a time; the bot stops who holds most when half of what containers may have is taken."""
HOST_PIDS = 4096


def needs(labs: int, containers: int, pids: int, *, userns: bool) -> dict[str, int]:
    """What so many labs with so many containers and processes each may take of the kernel, by the sysctl's name.

    `userns`: their roots are another user outside; root itself may have a million keys.
    """
    keys = labs * (2 + containers) + SPARE_KEYS
    found = {"kernel.keys.maxkeys": keys, "kernel.keys.maxbytes": KEY_BYTES * keys} if userns else {}
    return found | {
        "fs.inotify.max_user_instances": HOST_QUEUES + QUEUES * labs,
        "kernel.pty.max": _number("kernel.pty.reserve", 0) + 2 * TERMINALS * labs,
        "kernel.pid_max": HOST_PIDS + pids * labs,
    }


def short(needed: Mapping[str, int]) -> dict[str, int]:
    """Those of them that this kernel does not have, and what it has."""
    now = {name: _number(name, most) for name, most in needed.items()}
    return {name: number for name, number in now.items() if number < needed[name]}


def tell(variables: Mapping[str, str], *, userns: bool) -> None:
    """Say once what bounds the labs before their own settings do, and how to raise it."""
    labs = _setting(variables, "DOSIRAK_LABS_MAX", LABS)
    containers = _setting(variables, "DOSIRAK_LAB_CONTAINERS", CONTAINERS)
    needed = needs(labs, containers, _setting(variables, "DOSIRAK_LAB_PIDS", PIDS), userns=userns)
    if found := short(needed):
        now = ", ".join(f"{name} is {number}" for name, number in found.items())
        raised = " ".join(f"{name}={needed[name]}" for name in found)
        say(
            f"this machine's kernel has less than {labs} labs may take ({now}). Few labs need no more; "
            f"for all of them: sysctl -w {raised} (deploy/SECURITY.md says what each is)"
        )


def _setting(variables: Mapping[str, str], name: str, default: int) -> int:
    """A number; the bot itself complains of what is none."""
    text = variables.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else default


def _number(name: str, absent: int) -> int:
    """A sysctl's value; `absent` where the kernel has none of that name."""
    try:
        return int((SYSCTLS / name.replace(".", "/")).read_text())
    except (OSError, ValueError):
        return absent
