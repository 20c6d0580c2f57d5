"""Labs for the conversation's tests: a real bash on a real pty, with the toolbox's marks, and no engine."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import EngineNotFound
from bot.identity import LabId
from bot.sandbox.backlog import Backlog
from bot.sandbox.removal import ClosedLab
from bot.sandbox.script import ScriptResult
from bot.sandbox.shell import MOST_UNREAD
from bot.sandbox.summary import ContainerSummary, PublishedPort

RC = r"""
PROMPT_COMMAND='printf "\033]133;D;%s\a" "$?"; history -a'
PS1=$'\\[\033]133;A\a\\]$ \\[\033]133;B\a\\]'
PS0=$'\033]133;C\a'
HISTFILE=$HOME/.bash_history
bind 'set enable-bracketed-paste off' 2>/dev/null
"""
HELD = "until [ -e go ]; do sleep 0.05; done"
"""A command that ends when the test says so (`BashShell.let_go`), however slow the machine is: one that sleeps for a
while may have ended before the test has done what it does meanwhile."""


class BashShell:
    """The shape of `ports.Shell` around a child process."""

    def __init__(self, home: Path) -> None:
        rc = home / "rc"
        rc.write_text(RC)
        self.mute = False
        """What it prints is lost."""
        self.lost = b""
        self._ended: list[Callable[[int | None], None]] = []
        self._unread = Backlog(MOST_UNREAD)
        self._environment = {"HOME": str(home), "TERM": "xterm-256color", "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self._command = ["bash", "--noprofile", "--rcfile", str(rc), "-i"]
        self._pid = 0
        self._master = -1
        self._held_back = False
        self.home = home
        self.deaf = False
        """What is typed is lost, as with an engine that dies in this moment."""

    def start(self) -> None:
        """Fork bash; a second call starts another one after the first has ended."""
        if self._pid:
            return
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            os.chdir(self.home)
            os.execvpe(self._command[0], self._command, self._environment)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data and self.mute:
            self.lost += data
            return
        if data:
            self._unread.add(data)
            if self._unread.full:
                asyncio.get_running_loop().remove_reader(self._master)
                self._held_back = True
            return
        self._reap()
        self._unread.add(b"")

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.waitpid(self._pid, 0)
        self._pid = 0

    def end_left_behind(self) -> None:
        """As `sandbox.shell` does when it finds bash running: nobody follows what runs there any more."""
        if not self._pid:
            return
        front = os.tcgetpgrp(self._master)
        os.kill(self._pid, signal.SIGINT)
        if front != self._pid:
            os.killpg(front, signal.SIGKILL)

    def let_go(self) -> None:
        """HELD ends."""
        (self.home / "go").touch()

    async def write(self, data: bytes) -> None:
        self.start()
        if self.deaf:
            return
        os.write(self._master, data)

    async def drain(self) -> None:
        slave = os.open(f"/proc/{self._pid}/fd/0", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        front = os.tcgetpgrp(self._master)
        for _ in range(30):
            with suppress(BlockingIOError):
                while os.tcgetpgrp(self._master) == front and os.read(slave, 65536):  # One line each.
                    pass
            await asyncio.sleep(0.01)
        os.close(slave)

    async def resize(self, columns: int, rows: int) -> None:
        if self._pid:
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def output(self) -> AsyncIterator[bytes]:
        while (data := await self._unread.take()) is not None:
            if self._held_back and self._pid and not self._unread.full:
                self._held_back = False
                asyncio.get_running_loop().add_reader(self._master, self._read)
            if data:
                yield data
            else:
                for callback in self._ended:
                    callback(0)

    def when_ended(self, callback: Callable[[int | None], None]) -> None:
        self._ended.append(callback)

    def close(self) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._reap()
        self._unread.add(None)


def container(
    name: str, *, number: int = 1, state: str = "running", ports: tuple[PublishedPort, ...] = ()
) -> ContainerSummary:
    """A container as the engine would describe it."""
    made = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
    return ContainerSummary(
        id=f"{number:064x}"[::-1],
        name=name,
        image="diamol/ch02-hello-diamol-web",
        state=state,  # type: ignore[arg-type]  # the tests name the engine's own words
        exit_code=0 if state == "exited" else None,
        created_at=made,
        started_at=made,
        finished_at=made if state == "exited" else None,
        ports=ports,
    )


class BashLab:
    """The shape of `ports.Lab`; its containers are what a test puts there."""

    def __init__(self, lab_id: LabId, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.id = lab_id
        self.shell = BashShell(home)
        self.listed: list[ContainerSummary] = []
        self.broken_off: list[Exception] = []
        """What becomes of the next scripts."""

    async def run_script(
        self, script: str, *, environment: Mapping[str, str] | None = None, timeout: float = 20.0
    ) -> ScriptResult:
        if self.broken_off:
            raise self.broken_off.pop(0)
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            script,
            cwd=self.shell.home,
            stdout=asyncio.subprocess.PIPE,
            env={"HOME": str(self.shell.home), "PATH": os.environ["PATH"], **(environment or {})},
        )
        output, _ = await process.communicate()
        return ScriptResult(process.returncode or 0, output.decode())

    async def containers(self) -> tuple[ContainerSummary, ...]:
        return tuple(self.listed)

    async def logs(self, container_id: str, tail: int = 200) -> bytes:
        return b"one\ntwo\n"

    async def start(self, container_id: str) -> None: ...

    async def stop(self, container_id: str) -> None: ...

    async def remove(self, container_id: str) -> None:
        before = len(self.listed)
        self.listed = [one for one in self.listed if one.id != container_id]
        if len(self.listed) == before:
            raise EngineNotFound("no such container", 404)

    async def remove_all(self) -> int:
        count, self.listed = len(self.listed), []
        return count


class BashLabs:
    """The shape of `ports.Labs`. `refuse` makes the next openings fail with this error; `opening` and `closing` hold
    them until they are set."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._labs: dict[LabId, BashLab] = {}
        self.refuse: Exception | None = None
        self.opening: asyncio.Event | None = None
        self.closing: asyncio.Event | None = None
        self.stuck: list[Exception] = []
        """What becomes of the next closings."""
        self.parked: list[LabId] = []
        self.resting: dict[LabId, list[ContainerSummary]] = {}
        """What labs have while they are parked."""
        self._found: set[LabId] = set()
        """What another bot has opened, and this one has not."""

    def new_bot(self) -> None:
        """The shells go on; the next bot finds them running."""
        self._found = set(self._labs)

    def get(self, lab_id: LabId) -> BashLab | None:
        return self._labs.get(lab_id)

    @property
    def only(self) -> BashLab:
        (lab,) = self._labs.values()
        return lab

    async def open(self, lab_id: LabId) -> BashLab:
        if self.refuse is not None:
            raise self.refuse
        if self.opening is not None:
            await self.opening.wait()
        lab = self._labs.setdefault(lab_id, BashLab(lab_id, self._folder / lab_id))
        if lab_id in self._found:
            self._found.discard(lab_id)
            lab.shell.end_left_behind()
        lab.shell.start()
        lab.listed += self.resting.pop(lab_id, [])
        return lab

    async def containers(self, lab_id: LabId) -> tuple[ContainerSummary, ...]:
        lab = self._labs.get(lab_id)
        return tuple(lab.listed if lab else self.resting.get(lab_id, ()))

    async def park(self, lab_id: LabId) -> tuple[str, ...]:
        self.parked.append(lab_id)
        if (lab := self._labs.pop(lab_id, None)) is not None:
            lab.shell.close()
            self.resting[lab_id] = lab.listed
        return ()

    async def close(self, lab_id: LabId) -> ClosedLab:
        if self.closing is not None:
            await self.closing.wait()
        if self.stuck:
            raise self.stuck.pop(0)
        resting = self.resting.pop(lab_id, [])
        lab = self._labs.pop(lab_id, None)
        if lab is None:
            return ClosedLab(containers=len(resting))
        lab.shell.close()
        return ClosedLab(containers=len(lab.listed))

    def close_all(self) -> None:
        for lab in self._labs.values():
            lab.shell.close()
