"""Turns of the execs for which the engine looks a user up in the container's own files.

It reads all of /etc/passwd and /etc/group, which the container's root writes: 16 MiB of lines that all fit take three
seconds and more than a quarter of a gigabyte of the engine's memory, each time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.errors import EngineError
from bot.guard.verdict import Forward, Refuse, Upstream
from bot.sandbox.gate.patience import LONGEST_WAIT
from bot.sandbox.gate.upstream import ANSWER_SECONDS, Engine
from bot.sandbox.turns import Turns, within

LONGEST_SECONDS = 30.0
"""For one of them: ten times as long as the largest files take alone."""
HONEST_SECONDS, REST = 3.0, 10
"""A start on a busy machine takes as long. What goes beyond it is the files' fault, and the lab waits so many times as
long before its next one."""
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.5
"""Seconds between two looks whether an exec has begun."""
FULL = Refuse(
    429,
    "users-full",
    "looking up a user in this lab's containers takes too long (how large are their /etc/passwd and /etc/group?); "
    "leave out --user, or try again later",
)


class UserLookups:
    """One lab's: one at a time, among all labs as many as there are turns."""

    def __init__(self, engine: Engine, turns: Turns) -> None:
        self._engine = engine
        self._turns = turns
        self._own = asyncio.Lock()
        self._rests_until = 0.0

    @property
    def resting(self) -> bool:
        """Whether the lab has so long to wait that an exec should not be made: the engine keeps one that is never
        started for minutes."""
        return self._rests_until > time.monotonic() + LONGEST_WAIT

    @asynccontextmanager
    async def turn(self, verdict: Forward) -> AsyncIterator[bool]:
        """Gives whether there was a turn (always, when none is needed) before it would have taken too long."""
        if not verdict.looks_up:
            yield True
            return
        deadline = time.monotonic() + ANSWER_SECONDS
        async with within(self._own, ANSWER_SECONDS) as free:
            if not free or max(time.monotonic(), self._rests_until) > deadline:
                yield False
                return
            await asyncio.sleep(self._rests_until - time.monotonic())
            async with self._turns.lookup(deadline - time.monotonic()) as free:
                began = time.monotonic()
                try:
                    yield free
                finally:
                    ended = time.monotonic()
                    self._rests_until = ended + REST * max(0.0, ended - began - HONEST_SECONDS)

    async def begun(self, verdict: Forward) -> None:
        """Wait until the exec runs, or has failed: the engine says that it has switched before it looks anything up."""
        if not verdict.looks_up:
            return
        request, pause = Upstream("GET", f"{verdict.request.path.removesuffix('/start')}/json"), FIRST_PAUSE
        with suppress(TimeoutError, EngineError):
            async with asyncio.timeout(LONGEST_SECONDS):
                while await self._pending(request):
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)

    async def _pending(self, request: Upstream) -> bool:
        status, found = await self._engine.read(request)
        return bool(status == 200 and not found["Pid"] and found["ExitCode"] is None)
