"""Turns: how many containers start or end at a time on the host, whose files are read, who has a lab's to itself, and
how many processes wait in labs for work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from weakref import WeakValueDictionary

from bot.identity import LabId

ENDS = 16
"""Containers that are stopped or removed at a time: all labs end together when the bot does."""
LOOKUPS = 2
"""Execs for which a user is looked up at a time: see `bot.sandbox.gate.users`."""
TURN_SECONDS = 3.0
"""A start takes 0.3 s, on a busy host a few, an end less. What takes longer waits for something else than a processor,
and must not keep everybody from starting and ending."""
MAX_KEYS, KEPT_PART = Path("/proc/sys/kernel/keys/maxkeys"), 8
"""runc gives each container, and each process started in one, a key of the kernel. The user that all labs' roots
are outside may have 200 by default; an eighth is for what only waits, since without a key no container starts."""


class Turns:
    """Shared by the chat and all gates of one engine."""

    def __init__(self, starts: int) -> None:
        """`starts` containers at a time, all labs together."""
        self._starts = asyncio.Semaphore(starts)
        self._ends = asyncio.Semaphore(ENDS)
        self._walks = asyncio.Lock()
        self._lookups = asyncio.Semaphore(LOOKUPS)
        self._kept, self._most_kept = 0, _keys() // KEPT_PART
        self._labs: WeakValueDictionary[LabId, asyncio.Lock] = WeakValueDictionary()

    def lab(self, lab: LabId) -> asyncio.Lock:
        """Held by who starts a container of the lab, or has the engine work on its files: never both at a time."""
        return self._labs.setdefault(lab, asyncio.Lock())

    def walk(self, patience: float) -> AbstractAsyncContextManager[bool]:
        """The turn to have the engine walk a container's files, one among all labs: it keeps the whole list in memory,
        which can be more than a gigabyte. Gives whether there was one within `patience` seconds."""
        return within(self._walks, patience)

    def lookup(self, patience: float) -> AbstractAsyncContextManager[bool]:
        """One of the turns to have the engine look a user up in a container's files; gives as `walk` does."""
        return within(self._lookups, patience)

    def keep(self) -> bool:
        """Whether one more process may wait in a lab for work; `unkeep` is said once for each that may."""
        if self._kept >= self._most_kept:
            return False
        self._kept += 1
        return True

    def unkeep(self) -> None:
        """It waits no more."""
        self._kept -= 1

    def start(self) -> AbstractAsyncContextManager[None]:
        """One turn among the starts of all labs. It is given back early when the start hangs."""
        return _turn(self._starts)

    def end(self) -> AbstractAsyncContextManager[None]:
        """The same among the ends."""
        return _turn(self._ends)


def _keys() -> int:
    try:
        return int(MAX_KEYS.read_text())
    except (OSError, ValueError):
        return 0


@asynccontextmanager
async def within(turns: asyncio.Lock | asyncio.Semaphore, patience: float) -> AsyncIterator[bool]:
    """Holds one for the time of the block; gives whether there was one within `patience` seconds."""
    try:
        async with asyncio.timeout(patience):
            await turns.acquire()
    except TimeoutError:
        yield False
        return
    try:
        yield True
    finally:
        turns.release()


@asynccontextmanager
async def _turn(turns: asyncio.Semaphore) -> AsyncIterator[None]:
    await turns.acquire()
    held = True

    def give_back() -> None:
        nonlocal held
        if held:
            held = False
            turns.release()

    timer = asyncio.get_running_loop().call_later(TURN_SECONDS, give_back)
    try:
        yield
    finally:
        timer.cancel()
        give_back()
