"""Signals that pass: by name or number, sent on by name."""

from __future__ import annotations

import re
from typing import Any

from bot.guard.refusals import refuse
from bot.guard.rules import text
from bot.guard.verdict import Refused

SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    9: "SIGKILL",
    10: "SIGUSR1",
    12: "SIGUSR2",
    15: "SIGTERM",
    18: "SIGCONT",
    19: "SIGSTOP",
    20: "SIGTSTP",
    28: "SIGWINCH",
}
"""Linux's numbers; WINCH is what a terminal's client sends, and Apache's StopSignal."""
OTHERS = re.compile(
    "SIG(?:ABRT|ALRM|BUS|CHLD|CLD|FPE|ILL|IO|IOT|PIPE|POLL|PROF|PWR|RT.+|SEGV|STKFLT|SYS|TRAP|TTIN|TTOU|URG|VTALRM"
    "|XCPU|XFSZ)"
)
"""Linux has them, and this lab does not pass them on; a name that is in neither is no signal at all."""


def signal(value: Any) -> str:
    """`KILL`, `sigkill`, `9` → `SIGKILL`; empty stays empty; raises Refused for others."""
    asked: str = text(16)(value)
    if not asked:
        return ""
    if asked.isascii() and asked.isdigit():
        name = SIGNALS.get(int(asked), "")
    else:
        name = "SIG" + asked.upper().removeprefix("SIG")
    if name not in SIGNALS.values():
        if (asked.isascii() and asked.isdigit()) or OTHERS.fullmatch(name):
            raise refuse("signal", asked, 400)
        raise Refused(400, "bad-signal", f"Invalid signal: {asked}")
    return name
