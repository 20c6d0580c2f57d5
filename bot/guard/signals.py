"""Signals that pass: by name or number, sent on by name."""

from __future__ import annotations

from typing import Any

from bot.guard.refusals import refuse
from bot.guard.rules import text

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
        raise refuse("signal", asked, 400)
    return name
