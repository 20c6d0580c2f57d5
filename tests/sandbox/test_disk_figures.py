"""The disk watchdog's figures: what is measured, and what is decided from it."""

from __future__ import annotations

import mmap
import os
from contextlib import ExitStack
from pathlib import Path

from bot.sandbox.allowance import LAST_STRAW, SLACK, Mark, grows, too_much
from bot.sandbox.measure import INODE_BYTES, Held, held_open, room, sizes

MIB = 2**20
LIMIT = 100 * MIB


async def test_a_folder_is_measured_without_following_links(tmp_path: Path) -> None:
    """Blocks, not lengths: a sparse file takes nothing. What is gone counts nothing."""
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (other / "big").write_bytes(bytes(MIB))
    (own / "link").symlink_to(other)
    with (own / "sparse").open("wb") as sparse:
        sparse.truncate(2**40)
    found = await sizes([own, other, tmp_path / "gone"])
    assert found[own] == 3 * INODE_BYTES
    assert MIB <= found[other] < MIB + 2 * INODE_BYTES
    assert found[tmp_path / "gone"] == 0


async def test_many_empty_files_take_room(tmp_path: Path) -> None:
    """A filesystem runs out of inodes as it does of blocks."""
    for number in range(100):
        (tmp_path / str(number)).touch()
    assert (await sizes([tmp_path]))[tmp_path] == 101 * INODE_BYTES


def test_deleted_files_count_while_they_are_held(tmp_path: Path) -> None:
    """By a descriptor, by a mapping alone, by both only once."""
    before = held_open([os.getpid()]).bytes
    path = tmp_path / "file"
    path.write_bytes(bytes(MIB))
    held = path.open("r+b")
    assert held_open([os.getpid()]).bytes == before
    path.unlink()
    with mmap.mmap(held.fileno(), MIB):
        assert held_open([os.getpid()]).bytes >= before + MIB
        assert held_open([os.getpid()]).bytes < before + 2 * MIB
        held.close()
        assert held_open([os.getpid()]).bytes >= before + MIB
    assert held_open([os.getpid()]).bytes == before


def test_processes_that_have_ended_hold_nothing() -> None:
    """They end at any moment while they are looked at."""
    assert held_open([2**22 + 1]) == Held(0, 0)


def test_no_more_is_looked_at_than_there_is_time_for(tmp_path: Path) -> None:
    """However many mappings and descriptors a process has; what was seen until then counts."""
    path = tmp_path / "file"
    path.write_bytes(bytes(MIB))
    with path.open("rb") as file, ExitStack() as stack:
        path.unlink()
        for _ in range(200):
            stack.enter_context(_mapped(file.fileno()))
        found = held_open([os.getpid()] * 1000, most=300)
    assert found.looked_at == 300 and found.bytes >= MIB


def _mapped(descriptor: int) -> mmap.mmap:
    """One more mapping of a file."""
    return mmap.mmap(descriptor, 4096, prot=mmap.PROT_READ)


def test_a_filesystem_tells_its_room(tmp_path: Path) -> None:
    """Some filesystems have no fixed number of files and say 0."""
    found = room(tmp_path)
    assert found.used > 0 and found.free > 0 and found.files >= 0


def test_a_lab_within_its_limit_is_left_alone() -> None:
    """However fast it grows."""
    assert too_much({"a": LIMIT}, {"a": 0}, limit=LIMIT, mark=None) is None


def test_what_grew_most_is_to_blame_not_what_is_largest() -> None:
    """An old large volume is not stopped for what a new container does."""
    blame = too_much({"old": LIMIT, "new": 5}, {"old": LIMIT}, limit=LIMIT, mark=None)
    assert blame is not None and blame.part == "new" and blame.used == LIMIT + 5 and not blame.remove


def test_after_a_stop_there_is_room_to_tidy_up_and_no_more() -> None:
    """A little growth is forgiven; more is stopped again; much more is removed, if it was stopped before."""
    mark = Mark(LIMIT + 10, stopped=True)
    assert too_much({"a": mark.used + SLACK}, {}, limit=LIMIT, mark=mark) is None
    again = too_much({"a": mark.used + SLACK + 1}, {}, limit=LIMIT, mark=mark)
    assert again is not None and not again.remove
    beyond = {"a": LAST_STRAW * LIMIT + 1}
    last = too_much(beyond, {}, limit=LIMIT, mark=mark)
    assert last is not None and last.remove
    first = too_much(beyond, {}, limit=LIMIT, mark=Mark(LIMIT + 10, stopped=False))
    assert first is not None and not first.remove


def test_without_room_on_the_host_whatever_grows_is_to_blame() -> None:
    """Standing still is not."""
    assert grows({"a": LIMIT}, {"a": LIMIT - SLACK}) is None
    blame = grows({"a": LIMIT, "b": SLACK + 1}, {"a": LIMIT})
    assert blame is not None and blame.part == "b" and not blame.remove
