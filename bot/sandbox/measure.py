"""How much of the disk something takes, measured from outside: folders by du(1), deleted files by who holds them open.

du walks trees that their owners change meanwhile without ever following a link, at any depth, and off the bot's own
processor time; a walk in Python would do none of the three.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.errors import LabError

INODE_BYTES = 16384
"""A file counts as at least this much: mkfs.ext4 makes one inode for every 16 KiB, and empty files use those up."""

WALK_SECONDS = 20.0
"""A million files take two seconds; a disk that is slower than ten times that has other troubles."""

MOST_HELD = 50_000
"""Open files and mappings of a lab that are looked at, in a third of a second. A lab full of ordinary processes has
25,000; the kernel would let it have two million, and half a million copies of descriptors."""

_DU = ("nice", "-n", "10", "du", "--null", "--summarize", "--one-file-system", "--files0-from=-")


@dataclass(frozen=True, slots=True)
class Room:
    """A filesystem: bytes and files in use, and bytes that are free."""

    used: int
    files: int
    free: int


def room(path: Path) -> Room:
    """Raises OSError when the path is not on this machine."""
    found = os.statvfs(path)
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    return Room(used, found.f_files - found.f_ffree, found.f_bavail * found.f_frsize)


async def sizes(folders: Collection[Path]) -> dict[Path, int]:
    """Bytes that each folder takes, few or many as its files are. What is gone counts nothing. Raises LabError."""
    if not folders:
        return {}
    blocks, files = await asyncio.gather(_du("--block-size=1", folders), _du("--inodes", folders))
    return {folder: max(blocks.get(folder, 0), files.get(folder, 0) * INODE_BYTES) for folder in folders}


async def _du(unit: str, folders: Iterable[Path]) -> dict[Path, int]:
    process = await asyncio.create_subprocess_exec(
        *_DU,
        unit,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # It tells of every file that vanished on its way.
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(WALK_SECONDS):
            output, _ = await process.communicate(b"\0".join(os.fsencode(folder) for folder in folders))
    except TimeoutError:
        raise LabError(f"du did not end in {WALK_SECONDS:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = (line.split(b"\t", 1) for line in output.split(b"\0") if line)
    return {Path(os.fsdecode(name)): int(number) for number, name in lines}


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of files without a name, and how many open files and mappings were looked at for that."""

    bytes: int
    looked_at: int


def held_open(processes: Iterable[int], most: int = MOST_HELD) -> Held:
    """What these processes have open, or mapped, of files that have no name any more. Blocks: use a thread.

    It stops looking at `most` open files and mappings: who has as many keeps everybody's watchdog busy.
    """
    found: dict[tuple[int, int], int] = {}
    looked_at = 0
    for process in processes:
        for link in _held_by(process):
            looked_at += 1
            if link is not None:
                with suppress(OSError):
                    status = os.stat(link)  # noqa: PTH116 - as below
                    if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                        found[status.st_dev, status.st_ino] = status.st_blocks * 512
            if looked_at >= most:
                return Held(sum(found.values()), looked_at)
    return Held(sum(found.values()), looked_at)


def _held_by(process: int) -> Iterator[str | None]:
    """For all that a process has open or mapped: a link to what may be a deleted file, or None.

    It may end, and its files with it, at any moment.
    """
    with suppress(OSError), os.scandir(f"/proc/{process}/fd") as links:
        for link in links:
            target = ""
            with suppress(OSError):
                # Not Path.readlink: it would build a path from each of some ten thousand names.
                target = os.readlink(link.path)  # noqa: PTH115
            yield link.path if target.endswith(" (deleted)") else None
    with suppress(OSError), Path(f"/proc/{process}/maps").open("rb") as maps:
        for line in maps:
            deleted = line.endswith(b" (deleted)\n")
            yield f"/proc/{process}/map_files/{_as_file_name(line.partition(b' ')[0])}" if deleted else None


def _as_file_name(addresses: bytes) -> str:
    """`map_files` writes the addresses of `maps` without leading zeros."""
    return "-".join(f"{int(address, 16):x}" for address in addresses.split(b"-"))
