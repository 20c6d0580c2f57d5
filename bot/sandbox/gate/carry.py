"""What a verdict becomes: a request on the engine, and its answer on the way to the client."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncIterator
from typing import Any

from bot.errors import DosirakError, EngineError, EngineTimeout
from bot.guard.names import devirtualised
from bot.guard.networks import BRIDGE_TAKEN
from bot.guard.owner import Owner
from bot.guard.verdict import JSON_TYPE, Answer, Forward, Refuse, Reply, Several, to_json
from bot.sandbox.gate import client
from bot.sandbox.gate.faults import ConnectionOver
from bot.sandbox.gate.listening import ClientReader
from bot.sandbox.gate.patience import drained
from bot.sandbox.gate.protocols import GateObserver, ImageShelf
from bot.sandbox.gate.pump import join, watching
from bot.sandbox.gate.sparing import SparingLog
from bot.sandbox.gate.stillness import NOT_STILL, Stillness
from bot.sandbox.gate.unbegun import Unbegun
from bot.sandbox.gate.upstream import ANSWER_SECONDS, Engine, EngineAnswer, parsed
from bot.sandbox.gate.users import FULL, UserLookups
from bot.sandbox.turns import Turns

MAX_STREAM_LINE = 1024 * 1024
"""A line of stats is 3 kB, an event some hundred bytes."""
NO_REGISTRY = "\n(no registry answers right now; images that this lab has still run, pull again in a moment)"
"""Added to Docker's own words when a pull of one of the course's images fails: they name a host nobody here meant."""
PASSED_HEADERS = {"content-type": "Content-Type", "x-docker-container-path-stat": "X-Docker-Container-Path-Stat"}


class Carrier:
    """Carries one lab's verdicts out. Knows no client but the writer it is given."""

    def __init__(
        self,
        owner: Owner,
        engine: Engine,
        shelf: ImageShelf,
        observer: GateObserver,
        turns: Turns,
        stillness: Stillness,
        failures: SparingLog,
    ) -> None:
        self._turns = turns
        self._stillness = stillness
        self._owner = owner
        self._engine = engine
        self._shelf = shelf
        self._observer = observer
        self._failures = failures
        self._lookups = UserLookups(engine, turns)
        self.unbegun = Unbegun()

    async def settle(self, answer: Answer) -> Answer:
        """An answer made by the guard: its changes to the shelf come first."""
        for reference in answer.remove:
            await self._shelf.remove(self._owner.lab, reference)
        for reference in answer.add:
            await self._shelf.add(self._owner.lab, reference)
        return answer

    async def several(self, verdict: Several) -> Answer:
        statuses = []
        for request in verdict.requests:
            status, _ = await self._engine.read(request)
            statuses.append(status)
        for container, status in zip(verdict.gone, statuses, strict=False):  # what is no container has none to tell of
            if status < 300:
                await self._tell(gone=container)
        return verdict.answer(tuple(statuses))

    async def whole(self, verdict: Forward) -> Answer | Refuse:
        """Ask, read the answer to its end, tell the observer, and write the answer anew."""
        if verdict.still:
            async with self._stillness.alone, self._stillness.frozen() as still:
                return await self._asked(verdict) if still else NOT_STILL
        if verdict.looks_up_later and self._lookups.resting:
            return FULL
        async with self._lookups.turn(verdict) as free, self._turn(verdict):
            if not free:
                return FULL
            built = await self._asked(verdict)
        if built.status < 300:
            await self._tell(verdict.started, verdict.gone)
        return built

    @contextlib.asynccontextmanager
    async def _turn(self, verdict: Forward) -> AsyncIterator[None]:
        """What starts a container has the lab to itself, and with all that costs as much waits for its turn."""
        waits = verdict.turn or (verdict.started is not None and not verdict.stops_first)
        async with contextlib.nullcontext() if verdict.started is None else self._stillness.alone:
            async with self._turns.start() if waits else contextlib.nullcontext():
                yield

    async def _asked(self, verdict: Forward) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                for request in (verdict.request, *verdict.instead):
                    async with self._engine.asked(request) as answer:
                        status, body = answer.status, await answer.whole()
                    if status < 400 or BRIDGE_TAKEN.encode() not in body:
                        break
                return self.rebuilt(status, body, verdict)
        except TimeoutError:
            raise EngineTimeout("the engine did not answer in time") from None

    async def _tell(self, started: str | None = None, gone: str | None = None) -> None:
        """The observer's failure is not the learner's: the container runs all the same."""
        try:
            if started is not None:
                await self._observer.container_started(self._owner.lab, started)
            if gone is not None:
                await self._observer.container_gone(self._owner.lab, gone)
        except DosirakError as error:
            self._failures.warning(error)

    def rebuilt(self, status: int, body: bytes, verdict: Forward) -> Answer:
        """The engine's answer as the client gets it."""
        value = parsed(body)
        if status >= 400:
            return self._error(status, value, verdict)
        if not body.strip():
            return Answer(status)
        shown = value if value is None else self.unbegun.view(verdict.request, verdict.reply.view(value))
        return Answer(status, to_json(shown) + b"\n", (("Content-Type", JSON_TYPE),))

    def _error(self, status: int, value: Any, verdict: Forward) -> Answer:
        text = value.get("message", "") if isinstance(value, dict) else ""
        shown = devirtualised(self._owner, text or "the engine gave no reason", verdict.called)
        if verdict.reply.add and status >= 500:
            shown += NO_REGISTRY
        body = to_json({"message": shown}) + b"\n"
        return Answer(status, body, (("Content-Type", JSON_TYPE),))

    async def stream(
        self, verdict: Forward, method: str, reader: ClientReader, writer: asyncio.StreamWriter
    ) -> Answer | None:
        """Pass the answer on as it comes. Returns an Answer when there is no stream (an error), else None."""
        watched = functools.partial(watching, reader, writer)
        async with self._engine.asked(verdict.request, watched=watched) as answer:
            if answer.status >= 400 and method != "HEAD":
                return self._error(answer.status, parsed(await answer.whole()), verdict)
            writer.write(client.head(answer.status, (*passed(answer), *framing(method))))
            if method != "HEAD":
                await self._pass_body(answer, verdict.reply, reader, writer)
        return None

    async def _pass_body(
        self, answer: EngineAnswer, reply: Reply, reader: ClientReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with watching(reader, writer, answer.writer):
                failed = await self._pass_pieces(answer, reply, writer)
        except EngineError as error:
            # Half an answer is out: the missing last chunk tells the client, as the engine's own end would.
            raise ConnectionOver from error
        if not failed:
            await self.settle(Answer(200, add=reply.add))
        writer.write(client.LAST_CHUNK)

    async def _pass_pieces(self, answer: EngineAnswer, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        """Pieces (or viewed lines) to the client; returns whether a line of a pull said that it failed."""
        failed = False
        view, look = reply.lines, bool(reply.add)
        await drained(writer)
        source = answer.pieces() if view is None and not look else _lines(answer.pieces())
        async for piece in source:
            failed = failed or (look and _is_error(piece))
            shown = piece if view is None else view(piece)
            if shown is None:
                continue
            writer.write(client.chunk(shown if view is None and not look else shown + b"\r\n"))
            await drained(writer)
        return failed

    async def hijack(
        self, verdict: Forward, upgraded: bool, reader: ClientReader, writer: asyncio.StreamWriter
    ) -> Answer | Refuse | None:
        """Raw bytes, once the engine itself has switched. Returns an Answer or a Refuse when it has not."""
        watched = functools.partial(watching, reader, writer)
        async with contextlib.AsyncExitStack() as stack:
            async with self._lookups.turn(verdict) as free:
                if not free:
                    return FULL
                asked = self._engine.asked(verdict.request, upgrade=True, watched=watched)
                answer = await stack.enter_async_context(asked)
                if not answer.switched:
                    return self.rebuilt(answer.status, await answer.whole(), verdict)
                await self._lookups.begun(verdict)
            writer.write(client.raw_head(upgraded=upgraded) + answer.early_bytes())
            with contextlib.suppress(ConnectionError):
                await drained(writer)
                await join(reader, writer, answer.reader, answer.writer)
        return None


def passed(answer: EngineAnswer) -> list[tuple[str, str]]:
    """The few headers of the engine that the client gets, if they are plain."""
    found = ((shown, answer.headers.get(name, "")) for name, shown in PASSED_HEADERS.items())
    return [(name, value) for name, value in found if value and value.isascii() and value.isprintable()]


def framing(method: str) -> list[tuple[str, str]]:
    return [] if method == "HEAD" else [("Transfer-Encoding", "chunked")]


def _is_error(line: bytes) -> bool:
    value = json.loads(line) if line.strip() else {}
    return isinstance(value, dict) and ("error" in value or "errorDetail" in value)


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream's lines, without their ends; a line beyond any real one ends the stream."""
    rest = b""
    async for piece in pieces:
        *complete, rest = (rest + piece).split(b"\n")
        for line in complete:
            if line.strip():
                yield line.strip()
        if len(rest) > MAX_STREAM_LINE:
            return
    if rest.strip():
        yield rest.strip()
