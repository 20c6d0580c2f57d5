"""Long-running processes known by their pid file, and only believed when /proc agrees."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from deploy.host.faults import HostFault

POLL = 0.02
"""Seconds between looks at something that takes about a tenth of a second."""

EXEC_LIMIT = 2.0
"""Seconds that an exec may take: a moment, but a program of 20 MB has to come from a cold and busy disk first."""
KERNEL_THREAD = 0x00200000
"""PF_KTHREAD of linux/sched.h: what never has a command line."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A process of its own session. `mark` is a text in its command line that no other process has."""

    name: str
    command: tuple[str, ...]
    mark: str
    pid_file: Path
    log: Path
    environment: dict[str, str] = field(default_factory=dict)

    def pid(self) -> int | None:
        """The pid of the running process; None when it is gone, a zombie, or its number is someone else's now."""
        try:
            pid = int(self.pid_file.read_text())
        except (OSError, ValueError):
            return None
        return pid if self.mark in command_line(pid) else None

    def start(self, inherited: Collection[int] = ()) -> None:
        """Start it detached, its output in the log (the one before is kept as `.old`), with these descriptors."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".old"))
        with self.log.open("wb") as log:
            try:
                process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=tuple(inherited),
                    env=_without_settings() | self.environment,
                )
            except OSError as error:
                raise HostFault(f"{self.command[0]} does not start: {error.strerror}.") from error
        self.pid_file.write_text(str(process.pid))
        _forget(process)

    def stop(self, grace: float) -> None:
        """SIGTERM, and SIGKILL after `grace` seconds; returns when the process is gone."""
        pid = self.pid()
        if pid is not None:
            end_process(pid, self.mark, grace)
        self.pid_file.unlink(missing_ok=True)

    def last_words(self, lines: int = 5) -> str:
        """The end of its log, for an error message."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"


def _without_settings() -> dict[str, str]:
    """The environment without the bot's own settings: its token is no business of what containers descend from."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("TELEGRAM_", "DOSIRAK_"))}


def command_line(pid: int) -> str:
    """The command line of a process, arguments separated by blanks; empty when it is gone or a zombie."""
    deadline = time.monotonic() + EXEC_LIMIT
    while True:
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        if line or fields[0] in "ZX" or int(fields[6]) & KERNEL_THREAD or time.monotonic() > deadline:
            break
        # In the middle of an exec the command line is empty.
        time.sleep(0.002)
    return line.replace(b"\0", b" ").decode(errors="replace")


def end_process(pid: int, mark: str, grace: float) -> None:
    """End the process `pid` as long as its command line has `mark`: SIGTERM, then SIGKILL."""
    for kind, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 2.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, kind)
        deadline = time.monotonic() + seconds
        while mark in command_line(pid):
            if time.monotonic() > deadline:
                break
            time.sleep(POLL)
        else:
            break
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _forget(process: subprocess.Popen[bytes]) -> None:
    """A daemon outlives its Popen object on purpose: keep Popen from warning that its child still runs."""
    process.returncode = 0
