"""One client connection: read a request, let the guard judge it, carry the verdict out, and so on until it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import AbstractAsyncContextManager
from typing import Any

from bot.errors import EngineError, EngineTimeout, EngineTooMuch, EngineUnavailable
from bot.guard.call import Call, read_call
from bot.guard.decide import decide
from bot.guard.owner import Owner
from bot.guard.routes import Route, find_route
from bot.guard.strictjson import MAX_BYTES
from bot.guard.verdict import (
    Answer,
    Carry,
    Forward,
    Need,
    Question,
    Refuse,
    Refused,
    Reply,
    Several,
    Verdict,
    answer_json,
)
from bot.sandbox.gate import client
from bot.sandbox.gate.body import body_pieces, read_body
from bot.sandbox.gate.carry import Carrier
from bot.sandbox.gate.facts import answer as answer_question
from bot.sandbox.gate.faults import BadRequest, ConnectionOver
from bot.sandbox.gate.head import MAX_HEAD, Head, read_head
from bot.sandbox.gate.listening import ClientReader
from bot.sandbox.gate.paces import Paces
from bot.sandbox.gate.patience import STALL_SECONDS, Pace, drained
from bot.sandbox.gate.protocols import GateObserver, ImageShelf
from bot.sandbox.gate.slots import Slots
from bot.sandbox.gate.sparing import SparingLog
from bot.sandbox.gate.tarball import tar_pieces
from bot.sandbox.gate.upstream import MAX_WHOLE, Engine

log = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
"""Between requests: Go's own client closes an idle connection after 90 s."""
HEAD_SECONDS = 10.0
"""From a head's first byte to its last."""
ARCHIVE_SECONDS = 300.0
"""64 MiB, up or down, at a slow phone's speed."""
MAX_ROUNDS = 6
"""The longest chain of questions is three."""
AWAY = "the lab's Docker Engine does not answer right now; the lab and its containers are kept, try again in a moment"

STREAMS_FULL = Refuse(429, "streams-full", "this lab follows as many streams as it may; end one first")
TOO_MUCH = Refuse(
    403,
    "answer-large",
    f"the engine's answer is larger than the {MAX_WHOLE // 2**20} MiB that this lab passes on; ask for less at a time",
)
TOO_OFTEN = Refuse(429, "too-often", "many of these are under way in this lab already; try again in a moment")
BURST, PACE_SECONDS = 3, 5.0
"""`docker diff` walks a container's whole file system; a person at a prompt does not notice the pace."""


class Lab:
    """What the connections of one lab share."""

    def __init__(
        self,
        owner: Owner,
        engine: Engine,
        shelf: ImageShelf,
        observer: GateObserver,
        starts: AbstractAsyncContextManager[Any],
    ) -> None:
        self.owner = owner
        self.engine = engine
        self.shelf = shelf
        self.observer = observer
        self.failures = SparingLog(log, owner.lab)
        self.carrier = Carrier(owner, engine, shelf, observer, starts, self.failures)
        self.changes = asyncio.Lock()
        self.walks = asyncio.Lock()
        """Walks of a container's files are done one at a time, but nobody else in the lab waits for them."""
        self.streams = Slots(owner.limits.streams)
        self.pace = Pace(BURST, PACE_SECONDS)
        self.paces = Paces()


class Connection:
    """Serves one client until it, or the way it behaves, ends the connection."""

    def __init__(self, lab: Lab, reader: ClientReader, writer: asyncio.StreamWriter) -> None:
        self._lab = lab
        self._reader = reader
        self._writer = writer
        self._close = False

    async def serve(self) -> None:
        try:
            while not self._close and await self._one():
                pass
            await client.linger(self._reader, self._writer)
        except (ConnectionError, ConnectionOver):
            pass
        except asyncio.CancelledError:
            # The gate closes: a client that does not read must not hold it open.
            self._writer.transport.abort()
            raise
        except Exception as error:
            # One connection's fault must not be another's; the next request gets a connection of its own.
            self._lab.failures.warning(error, trace=True)
        finally:
            self._writer.close()
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    await self._writer.wait_closed()
            except TimeoutError:
                self._writer.transport.abort()
            except OSError:
                pass

    async def _one(self) -> bool:
        """One request and its answer; False when the client has no more."""
        method = "GET"
        try:
            raw = await self._read_raw_head()
            if raw is None:
                return False
            await self._lab.paces.call()
            head = read_head(raw)
            method = head.method
            self._close = not head.keep_alive
            await self._answer(head)
        except BadRequest as bad:
            self._close = True
            self._lab.observer.refused(self._lab.owner.lab, "bad-request")
            await self._send(client.message(bad.status, bad.message, method=method, close=True))
        except EngineTooMuch:
            self._close = True
            await self._reply(self._refusal(TOO_MUCH), method)
        except EngineError as error:
            await self._engine_failed(error, method)
        return True

    async def _engine_failed(self, error: EngineError, method: str) -> None:
        """The engine is away, slow, or broke off: said in Docker's shape, since the CLI prints it."""
        self._lab.failures.warning(error)
        self._close = True
        status = 504 if isinstance(error, EngineTimeout) else 503 if isinstance(error, EngineUnavailable) else 502
        await self._send(client.message(status, AWAY, method=method, close=True))

    async def _read_raw_head(self) -> bytes | None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                first = await self._reader.read(1)
            if not first:
                return None
        except TimeoutError:
            return None
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                return first + await self._reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise BadRequest(408, "the request's head did not come in time") from None
        except asyncio.LimitOverrunError:
            raise BadRequest(431, f"the request's head is larger than {MAX_HEAD // 1024} KiB") from None
        except asyncio.IncompleteReadError:
            raise ConnectionOver from None

    async def _answer(self, head: Head) -> None:
        try:
            call = read_call(head.method, head.target)
        except Refused as refused:
            self._close = self._close or head.has_body
            await self._reply(self._refusal(refused.verdict), head.method)
            return
        found = find_route(call.method, call.path)
        if found is None or found[0].decision == "D":
            self._close = self._close or head.has_body or head.wants_upgrade
            await self._reply(await self._whole(decide(call, self._lab.owner, {}), head), head.method)
            return
        route = found[0]
        body = b"" if route.body == "tar" else await self._body(head)
        if not await self._lab.paces.carried(route, body):
            await self._reply(self._refusal(TOO_OFTEN), head.method)
            return
        call = Call(call.method, call.path, call.query, body, head.content_type)
        await self._judge(call, route, head)

    async def _body(self, head: Head) -> bytes:
        if head.has_body and head.headers.get("expect", "").lower() == "100-continue":
            await self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await read_body(self._reader, head, MAX_BYTES) if head.has_body else b""

    async def _judge(self, call: Call, route: Route, head: Head) -> None:
        """Decide and carry out; calls that count or reserve something have the lab to themselves meanwhile."""
        async with self._lab.changes if route.exclusive else contextlib.nullcontext():
            verdict = await self._decided(call)
            if not (isinstance(verdict, Forward) and verdict.reply.carry in (Carry.STREAM, Carry.HIJACK)):
                answer = await self._whole(verdict, head)
        if isinstance(verdict, Forward) and verdict.reply.carry in (Carry.STREAM, Carry.HIJACK):
            await self._stream(verdict, head)
        else:
            await self._reply(answer, head.method)

    async def _decided(self, call: Call) -> Verdict:
        lab = self._lab
        known: dict[Question, Any] = {}
        for _ in range(MAX_ROUNDS):
            verdict = decide(call, lab.owner, known)
            if not isinstance(verdict, Need):
                return verdict
            asked = (answer_question(item, lab.owner, lab.engine, lab.shelf) for item in verdict.questions)
            known |= zip(verdict.questions, await asyncio.gather(*asked), strict=True)
        raise EngineError("a decision asked for more facts than there are")

    async def _whole(self, verdict: Verdict, head: Head) -> Answer:
        """The answer of a verdict that has one piece."""
        carrier = self._lab.carrier
        match verdict:
            case Answer():
                return await carrier.settle(verdict)
            case Several():
                return await carrier.several(verdict)
            case Forward(reply=Reply(carry=Carry.UPLOAD)):
                return await self._upload(verdict, head)
            case Forward(paced=True):
                async with self._lab.walks:
                    free = await self._lab.pace.turn()
                    return await carrier.whole(verdict) if free else self._refusal(TOO_OFTEN)
            case Forward(reply=Reply(counted=True)):
                with self._lab.streams.one() as free:
                    return await carrier.whole(verdict) if free else self._refusal(STREAMS_FULL)
            case Forward():
                return await carrier.whole(verdict)
            case Refuse():
                return self._refusal(verdict)
        raise AssertionError(verdict)

    async def _upload(self, verdict: Forward, head: Head) -> Answer:
        self._close = True  # the engine may have answered before it read everything
        with self._lab.streams.one() as free:
            if not free:
                return self._refusal(STREAMS_FULL)
            try:
                async with asyncio.timeout(ARCHIVE_SECONDS):
                    return await self._lab.carrier.whole(verdict, tar_pieces(body_pieces(self._reader, head)))
            except TimeoutError:
                raise BadRequest(408, "the archive did not come in time") from None

    async def _stream(self, verdict: Forward, head: Head) -> None:
        """An answer that may last; a raw one ends the connection, also when the engine did not switch."""
        carrier, reply = self._lab.carrier, verdict.reply
        with self._lab.streams.one(reply.counted) as free:
            if not free:
                await self._reply(self._refusal(STREAMS_FULL), head.method)
            elif reply.carry is Carry.HIJACK:
                self._close = True
                answer = await carrier.hijack(verdict, head.wants_upgrade, self._reader, self._writer)
                if answer is not None:
                    await self._reply(answer, head.method)
            else:
                try:
                    async with asyncio.timeout(ARCHIVE_SECONDS if reply.most_bytes else None):
                        answer = await carrier.stream(verdict, head.method, self._reader, self._writer)
                except TimeoutError:
                    raise ConnectionOver from None
                if answer is not None:
                    await self._reply(answer, head.method)

    def _refusal(self, refusal: Refuse) -> Answer:
        self._lab.observer.refused(self._lab.owner.lab, refusal.code)
        return answer_json({"message": refusal.message}, refusal.status)

    async def _reply(self, answer: Answer, method: str) -> None:
        close = self._close
        await self._send(client.whole(answer.status, answer.headers, answer.body, method=method, close=close))

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await drained(self._writer)
