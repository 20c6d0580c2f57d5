"""The bot's process: started beside its launcher, ended with it, never running twice on one state folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.host.daemons import command_line, end_process
from deploy.host.faults import HostFault
from deploy.host.words import complain

LISTEN = "127.0.0.1:8080"
"""The default of DOSIRAK_LISTEN, as in bot/settings.py."""
GRACE = 6.0
"""Seconds that the bot has to stop its labs; the engine's end needs three more, and all of it ten at most."""


class Bot:
    """`python -m bot` of an environment."""

    def __init__(self, environment: Path, state: Path) -> None:
        self._python = environment / "bin/python"
        self._pid_file = state / "bot.pid"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, settings: Mapping[str, str]) -> None:
        """Start it with these settings on top of the environment."""
        # In a session of its own, so that a Ctrl-C in the terminal reaches the launcher alone, which ends things in
        # order; and with the launcher's death as its SIGTERM, so that no bot is left without one.
        command = ("setpriv", "--pdeathsig", "TERM", str(self._python), "-m", "bot")
        self._process = subprocess.Popen(command, env={**os.environ, **settings}, start_new_session=True)
        self._pid_file.write_text(str(self._process.pid))

    def wait(self, seconds: float) -> int | None:
        """Its exit code, or None when it still runs after this time. A death by signal is 128 + signal."""
        assert self._process is not None
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return code if code >= 0 else 128 - code

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when it takes too long."""
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                complain(f"the bot did not stop within {GRACE:.0f} s and was killed")
                process.kill()
                process.wait()
        self._pid_file.unlink(missing_ok=True)

    def end_earlier(self) -> None:
        """End the bot of a launcher that was killed."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return
        mark = f"{self._python} -m bot"
        if mark in command_line(pid):
            end_process(pid, mark, GRACE)


def address(listen: str) -> tuple[str, int]:
    """`host:port` as something to connect to; the wildcard address is reached at loopback."""
    host, _, port = listen.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise HostFault(f"DOSIRAK_LISTEN is {listen!r}: write host:port, for example {LISTEN}")
    host = host.strip("[]")
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host), int(port)


def listens(listen: str) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection(address(listen), timeout=0.5).close()
    except OSError:
        return False
    return True


def wait_until_free(listen: str, seconds: float = 2.0) -> None:
    """Raise HostFault when something else keeps the port."""
    deadline = time.monotonic() + seconds
    while listens(listen):
        if time.monotonic() > deadline:
            raise HostFault(f"Something else already listens at {listen}: set DOSIRAK_LISTEN to another host:port.")
        time.sleep(0.1)
