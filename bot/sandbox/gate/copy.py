"""`docker cp`: an archive waits in a spool until one side has said all of it, and the engine works on a still lab."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from bot.errors import EngineError, EngineTimeout
from bot.guard.streams import MAX_ARCHIVE
from bot.guard.verdict import Answer, Carry, Forward, Refuse, Upstream, Verdict
from bot.sandbox.gate.carry import Carrier, passed
from bot.sandbox.gate.sparing import SparingLog
from bot.sandbox.gate.spool import NoRoom, Spool
from bot.sandbox.gate.stillness import NOT_STILL, Stillness
from bot.sandbox.gate.tarball import tar_pieces
from bot.sandbox.gate.upstream import Engine, EngineAnswer

ENGINE_SECONDS = 20.0
"""For all that the engine has to do: it reads and writes 64 MiB in one, and the lab stands still as long."""
RELEASE_SECONDS = 10.0
"""Until the engine has noticed that a copy was broken off and let go of the container."""
PROBE_SECONDS = 1.0
"""For a word of the engine about the container: a millisecond, unless it starts it at that moment."""
TRIES, PAUSE_SECONDS = 6, 0.25
"""Each pause is twice as long as the one before: a container that fails at once is started three times within a second
or two, and then no more."""
CLOSE_SECONDS = 1.0
"""The same when the lab closes."""

LARGE = Refuse(
    403,
    "archive-large",
    f"docker cp takes at most {MAX_ARCHIVE // 2**20} MiB out of a container here; copy less at a time",
)
SLOW = Refuse(
    504, "archive-slow", f"the engine needs more than {ENGINE_SECONDS:g} s for this copy; copy less at a time"
)
RESTARTS = Refuse(503, "restarts", "the engine starts this container again and again; stop it first, or try again")
NO_ROOM = Refuse(507, "no-room", "the host of this lab has no room for the archive right now; try again in a moment")


@dataclass(frozen=True, slots=True)
class Kept:
    """An archive that is whole in its spool (empty for a look at one file), and its head."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)


class Copier:
    """Carries one lab's archives."""

    def __init__(self, engine: Engine, carrier: Carrier, stillness: Stillness, failures: SparingLog) -> None:
        self._engine = engine
        self._carrier = carrier
        self._stillness = stillness
        self._failures = failures

    async def uploaded(self, spool: Spool, pieces: AsyncIterator[bytes]) -> Refuse | None:
        """Keep the client's archive, looked at to its end. Raises BadRequest; TimeoutError when it comes too slowly."""
        try:
            await spool.receive(tar_pieces(pieces), MAX_ARCHIVE)
        except NoRoom as fault:
            self._failures.warning(fault)
            return NO_ROOM
        return None

    async def copied(self, decide: Callable[[], Awaitable[Verdict]], spool: Spool) -> Verdict | Kept:
        """Have the engine copy, out into the spool or in from it, if `decide` says so still."""
        async with self._stillness.alone:
            for attempt in range(TRIES):
                verdict = await decide()  # what was so before this lab's turn came may not be any more
                if not isinstance(verdict, Forward):
                    return verdict
                async with self._stillness.frozen() as still:
                    if not still:
                        return NOT_STILL
                    if await self._settled(verdict):
                        return await self._by_engine(verdict, spool)
                await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
        return RESTARTS

    async def _settled(self, verdict: Forward) -> bool:
        """Whether the engine is not about to start the container again by itself.

        A start in a lab that stands still does not end before it goes on, and holds the container's lock meanwhile.
        """
        request = Upstream("GET", f"/containers/{verdict.called[0] if verdict.called else ''}/json")
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                status, found = await self._engine.read(request)
        except TimeoutError:
            return False
        return status != 200 or not found["State"]["Restarting"]

    async def _by_engine(self, verdict: Forward, spool: Spool) -> Answer | Refuse | Kept:
        upload = spool.content() if verdict.reply.carry is Carry.UPLOAD else None
        async with self._let_go(verdict) as done:
            try:
                async with asyncio.timeout(ENGINE_SECONDS):
                    async with self._engine.asked(verdict.request, upload=upload) as answer:
                        result = await self._result(answer, verdict, spool)
            except TimeoutError:
                return SLOW
            except NoRoom as fault:
                self._failures.warning(fault)
                return NO_ROOM
            if result is not LARGE:
                done.set()
            return result

    async def _result(self, answer: EngineAnswer, verdict: Forward, spool: Spool) -> Answer | Refuse | Kept:
        if verdict.reply.carry is Carry.UPLOAD or (answer.status >= 400 and verdict.request.method != "HEAD"):
            return self._carrier.rebuilt(answer.status, await answer.whole(), verdict)
        if not await spool.fill(answer.pieces(), MAX_ARCHIVE):
            return LARGE
        return Kept(answer.status, passed(answer))

    @contextlib.asynccontextmanager
    async def _let_go(self, verdict: Forward) -> AsyncIterator[asyncio.Event]:
        """Unless `done` is set inside, the engine has not said all, and may still work on the container.

        Its answer about the container comes once it does not: it needs the same lock.
        """
        done, patience = asyncio.Event(), RELEASE_SECONDS
        try:
            yield done
        except asyncio.CancelledError:
            patience = CLOSE_SECONDS
            raise
        finally:
            if not done.is_set() and verdict.called is not None:
                await self._answers_about(verdict.called[0], patience)

    async def _answers_about(self, container_id: str, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                await self._engine.read(Upstream("GET", f"/containers/{container_id}/json"))
        except EngineError as error:
            self._failures.warning(error)  # an engine that is away copies nothing
        except TimeoutError:
            # It may go on when the lab does, and must not meet anything that runs then.
            self._failures.warning(EngineTimeout(f"a copy in {container_id[:12]} does not end: its lab's programs do"))
            self._stillness.end()
