"""The conversation on disk: one JSON file, moved into place soon after each change and once more at the end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot.localchat.conversation import Snapshot
from bot.localchat.plain import from_plain, to_plain
from bot.tasks import TaskShelf

log = logging.getLogger(__name__)

QUIET_SECONDS = 0.5
"""Changes come in bursts (a terminal message grows by edits): one write for all of them."""
WRITING_SHARE = 10
"""A large state takes long to write: the pause is ten times that, so that writing is never what a chat does most."""
ID_GAP = 1000
"""Added to every counter after a crash: what was said in the last half second is lost, but its ids are never reused,
so that nothing edits a stranger."""


def load(path: Path) -> Snapshot | None:
    """The kept conversation; None when there is none. A damaged file is put aside, not lost."""
    try:
        snapshot = from_plain(Snapshot, json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except ValueError as error:
        aside = path.with_suffix(".damaged")
        path.replace(aside)
        log.error("%s does not fit and was put aside as %s: %s", path, aside.name, error)
        return None
    return snapshot if snapshot.closed_cleanly else _with_gap(snapshot)


def _with_gap(snapshot: Snapshot) -> Snapshot:
    chats = tuple(replace(chat, last_message_id=chat.last_message_id + ID_GAP) for chat in snapshot.chats)
    return replace(snapshot, chats=chats, next_update=snapshot.next_update + ID_GAP)


def save(path: Path, snapshot: Snapshot) -> None:
    """Write all of it, or nothing."""
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        file.write(json.dumps(to_plain(snapshot), ensure_ascii=False).encode())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


class Keeper:
    """Writes what `take` gives some time after `touch`, and once more when closed; one write at a time."""

    def __init__(self, path: Path, take: Callable[[], Snapshot], tidy: Callable[[Snapshot], None]) -> None:
        self._path = path
        self._take = take
        self._tidy = tidy
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._shelf = TaskShelf()
        self._writer: asyncio.Task[None] | None = None
        self._took = 0.0

    def start(self) -> None:
        self._writer = self._shelf.start(self._write_on_change(), name="local chat state")

    def touch(self) -> None:
        self._changed.set()

    async def _write_on_change(self) -> None:
        while not self._closing.is_set():
            await self._changed.wait()
            await self._pause(max(QUIET_SECONDS, WRITING_SHARE * self._took))
            self._changed.clear()
            started = asyncio.get_running_loop().time()
            await self._write(closed_cleanly=self._closing.is_set())
            self._took = asyncio.get_running_loop().time() - started

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    async def _write(self, *, closed_cleanly: bool) -> None:
        try:
            snapshot = replace(self._take(), closed_cleanly=closed_cleanly)
            await asyncio.to_thread(save, self._path, snapshot)
            await asyncio.to_thread(self._tidy, snapshot)
        except OSError as error:
            log.error("the local chat could not be kept in %s: %s", self._path, error)

    async def close(self) -> None:
        """The last write tells that nothing is missing."""
        self._closing.set()
        self._changed.set()
        if self._writer is not None:
            await self._writer
        await self._shelf.close()
