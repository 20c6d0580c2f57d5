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


def held_open(processes: Iterable[int]) -> int:
    """Bytes of files that have no name any more but are open, or mapped, in these processes. Blocks: use a thread."""
    found: dict[tuple[int, int], int] = {}
    for process in processes:
        for link in _nameless(Path(f"/proc/{process}")):
            with suppress(OSError):
                status = link.stat()
                if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                    found[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(found.values())


def _nameless(process: Path) -> Iterator[Path]:
    """Links to what the process holds of deleted files. It may end, and its files with it, at any moment."""
    with suppress(OSError):
        for link in (process / "fd").iterdir():
            with suppress(OSError):
                # Not Path.readlink: it would build a path from each of some ten thousand names.
                if os.readlink(link).endswith(" (deleted)"):  # noqa: PTH115
                    yield link
    with suppress(OSError), (process / "maps").open("rb") as maps:
        for line in maps:
            if line.endswith(b" (deleted)\n"):
                yield process / "map_files" / _as_file_name(line.partition(b" ")[0])


def _as_file_name(addresses: bytes) -> str:
    """`map_files` writes the addresses of `maps` without leading zeros."""
    return "-".join(f"{int(address, 16):x}" for address in addresses.split(b"-"))
