"""A program that works on what strangers made: as nobody, bounded in time and memory, with nothing left of it."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SECONDS = 10.0
"""A picture takes two; one that takes so long shows a page that nobody waits for."""
MOST_MEMORY = 512 * 2**20
"""Bytes of all the program's processes; a picture of the course's page takes a fifth of it."""
LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the program runs as; None: as we do, who are not root."""

    user: int | None = None
    group: int | None = None

    @classmethod
    def nobody(cls) -> Self:
        if os.geteuid() != 0:
            return cls()
        entry = pwd.getpwnam("nobody")
        return cls(entry.pw_uid, entry.pw_gid)

    @property
    def own(self) -> int:
        """Whose the program's files are."""
        return os.geteuid() if self.user is None else self.user


async def run(command: tuple[str, ...], folder: Path, person: Person) -> None:
    """Run a program in this folder, its home, to its end. Raises TimeoutError for too much time or memory.

    It gets no variable of ours.
    """
    process = await asyncio.create_subprocess_exec(
        *_before(person),
        *command,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "TMPDIR": str(folder)},
        start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(SECONDS):
            await _ended(process)
    finally:
        _kill(process, person)
        await process.wait()


def _before(person: Person) -> tuple[str, ...]:
    """The command that the program's stands behind (util-linux: in every Debian).

    In a process namespace of its own: with its first process the kernel ends all, also those that left their parents,
    as Chromium's crash handler does. What people wait for goes first, so it is nice.
    """
    # A bot that is killed cannot end it.
    bounded = ("timeout", "--signal=KILL", str(int(2 * SECONDS)), "nice")
    if person.user is None:
        return bounded
    namespace = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    return (*namespace, "setpriv", f"--reuid={person.user}", f"--regid={person.group}", "--clear-groups", *bounded)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for the end; raises TimeoutError when there is more memory in use than there may be."""
    while process.returncode is None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await process.wait()
        if sum(map(_memory, _family(process.pid))) > MOST_MEMORY:
            raise TimeoutError("the program takes too much memory")


def _kill(process: asyncio.subprocess.Process, person: Person) -> None:
    """End what still runs. The namespace's first process is `unshare`'s child, whose end `unshare` waits for."""
    first = () if person.user is None else tuple(_children(process.pid))
    with suppress(ProcessLookupError):
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        if not first:
            os.killpg(process.pid, signal.SIGKILL)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in _children(pid):
        yield from _family(child)


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, task.read_text().split())


def _memory(pid: int) -> int:
    """Bytes of a process that it shares with no file (proc(5), status)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))
