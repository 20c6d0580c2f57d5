"""One client connection: read a request, let the guard judge it, carry the verdict out, and so on until it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from bot.errors import EngineError, EngineTimeout, EngineTooMuch, EngineUnavailable
from bot.guard.call import Call, read_call
from bot.guard.decide import decide
from bot.guard.routes import Route, find_route
from bot.guard.strictjson import MAX_BYTES
from bot.guard.verdict import (
    Answer,
    Carry,
    Forward,
    Refuse,
    Refused,
    Reply,
    Several,
    Verdict,
    answer_json,
)
from bot.sandbox.gate import client
from bot.sandbox.gate.body import body_pieces, read_body
from bot.sandbox.gate.carry import framing
from bot.sandbox.gate.copy import Kept
from bot.sandbox.gate.faults import BadRequest, ConnectionOver
from bot.sandbox.gate.forsaken import forsake
from bot.sandbox.gate.head import Head, read_head
from bot.sandbox.gate.lab import Lab
from bot.sandbox.gate.listening import ClientReader, next_head
from bot.sandbox.gate.owed import Hearing
from bot.sandbox.gate.patience import STALL_SECONDS, drained
from bot.sandbox.gate.slots import Slots
from bot.sandbox.gate.spool import Spool
from bot.sandbox.gate.upstream import MAX_WHOLE

log = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
"""Between requests: Go's own client closes an idle connection after 90 s."""
ARCHIVE_SECONDS = 300.0
"""64 MiB, up or down, at a slow phone's speed."""
AWAY = "the lab's Docker Engine does not answer right now; the lab and its containers are kept, try again in a moment"

STREAMS_FULL = Refuse(429, "streams-full", "this lab follows as many streams as it may; end one first")
TOO_MUCH = Refuse(
    403,
    "answer-large",
    f"the engine's answer is larger than the {MAX_WHOLE // 2**20} MiB that this lab passes on; ask for less at a time",
)
FAILED = "the lab's gate could not handle this request; that is its own fault, and the next one gets a new connection"
TOO_OFTEN = Refuse(429, "too-often", "many of these are under way in this lab already; try again in a moment")


class Connection:
    """Serves one client until it, or the way it behaves, ends the connection."""

    def __init__(
        self, lab: Lab, reader: ClientReader, writer: asyncio.StreamWriter, only: Refuse | None = None
    ) -> None:
        """`only`: what its one request is answered with."""
        self._only = only
        self._lab = lab
        self._reader = reader
        self._writer = writer
        self._close = False
        self._begun = False
        """Whether a part of the answer may be out. An engine's failure that is raised comes before that."""
        self._upgrade = False
        """Whether the client asked for a raw stream. An old CLI takes any answer that says `close` for that stream."""
        self._opening: Forward | None = None
        """The stream in which a refusal is said."""
        self._hearing = Hearing(lab.owed, writer)

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
        method, self._begun, self._upgrade, self._opening = "GET", False, False, None
        self._hearing.begin()
        try:
            raw = await next_head(self._reader, IDLE_SECONDS if self._only is None else client.LINGER_SECONDS)
            if raw is None:
                return False
            await self._lab.paces.call()
            head = read_head(raw)
            method, self._upgrade = head.method, head.wants_upgrade
            self._close = not head.keep_alive or self._only is not None
            await self._answer(head)
        except BadRequest as bad:
            self._close = True
            self._lab.observer.refused(self._lab.owner.lab, "bad-request")
            await self._reply(answer_json({"message": bad.message}, bad.status), method)
        except EngineTooMuch:
            self._close = True
            await self._reply(self._refusal(TOO_MUCH), method)
        except EngineError as error:
            await self._engine_failed(error, method)
        except (ConnectionError, ConnectionOver):
            raise
        except Exception as error:
            # One connection's fault must not be another's; the next request gets a connection of its own.
            self._lab.failures.warning(error, trace=True)
            if self._begun:
                raise ConnectionOver from error
            await self._end_with(500, FAILED, method)
        return True

    async def _engine_failed(self, error: EngineError, method: str) -> None:
        """The engine is away, slow, or broke off: said in Docker's shape, since the CLI prints it."""
        self._lab.failures.warning(error)
        status = 504 if isinstance(error, EngineTimeout) else 503 if isinstance(error, EngineUnavailable) else 502
        await self._end_with(status, AWAY, method)

    async def _end_with(self, status: int, text: str, method: str) -> None:
        self._close = True
        if self._opening is not None and self._opening.reply.spoken is not None:
            self._lab.carrier.unbegun.add(self._opening.request)
            await self._send(client.raw_head(upgraded=True) + self._opening.reply.spoken(text))
        else:
            await self._reply(answer_json({"message": text}, status), method)

    async def _answer(self, head: Head) -> None:
        try:
            call = read_call(head.method, head.target)
        except Refused as refused:
            self._close = self._close or head.has_body
            await self._reply(self._refusal(refused.verdict), head.method)
            return
        if self._only is not None:
            self._hearing.begin(call, head)
            await self._reply_unasked(self._refusal(self._only), call)
            return
        found = find_route(call.method, call.path)
        if found is None or found[0].decision == "D":
            self._close = self._close or head.has_body or head.wants_upgrade
            await self._reply(await self._whole(decide(call, self._lab.owner, {})), head.method)
            return
        route = found[0]
        self._hearing.begin(call, head)
        if route.body == "none" and head.has_body and isinstance(verdict := decide(call, self._lab.owner, {}), Refuse):
            # An import is told so, and not how large its file may be.
            self._close = True
            await self._reply(self._refusal(verdict), head.method)
            return
        body = b"" if route.body == "tar" else await self._body(head)
        if not await self._lab.paces.carried(route, body):
            await self._reply(self._refusal(TOO_OFTEN), head.method)
            return
        if (due := self._hearing.due(call)) is not None:
            await self._reply_unasked(due, call)
            return
        call = Call(call.method, call.path, call.query, body, head.content_type)
        await self._judge(call, route, head)

    async def _reply_unasked(self, answer: Answer, call: Call) -> None:
        """Without a question whether the call is allowed."""
        if call.method == "POST" and call.path.endswith("/start"):
            await forsake(self._lab, call)
        await self._reply(answer, call.method)

    async def _body(self, head: Head) -> bytes:
        await self._go_on(head)
        return await read_body(self._reader, head, MAX_BYTES) if head.has_body else b""

    async def _go_on(self, head: Head) -> None:
        """Tell a client that waits for it to send its body."""
        if head.has_body and head.headers.get("expect", "").lower() == "100-continue":
            await self._send(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def _judge(self, call: Call, route: Route, head: Head) -> None:
        """Decide and carry out; calls that count or reserve something have the lab to themselves meanwhile."""
        async with self._lab.changes if route.exclusive else contextlib.nullcontext():
            verdict = await self._lab.decided(call)
            if isinstance(verdict, Refuse) and verdict.code == "port-taken":
                await forsake(self._lab, call)
            carry = verdict.reply.carry if isinstance(verdict, Forward) else Carry.WHOLE
            if carry is Carry.WHOLE:
                answer = await self._whole(verdict)
        if carry is Carry.WHOLE:
            self._close = self._close or (route.body == "tar" and head.has_body)
            await self._reply(answer, head.method)
        elif isinstance(verdict, Forward) and carry in (Carry.ARCHIVE, Carry.UPLOAD):
            await self._copy(call, verdict, head)
        elif isinstance(verdict, Forward):
            await self._stream(verdict, head)

    async def _whole(self, verdict: Verdict) -> Answer:
        """The answer of a verdict that has one piece."""
        carrier = self._lab.carrier
        match verdict:
            case Answer():
                return await carrier.settle(verdict)
            case Several():
                return await carrier.several(verdict)
            case Forward(paced=True):
                async with self._lab.walk() as free:
                    return self._said(await carrier.whole(verdict) if free else TOO_OFTEN)
            case Forward(reply=Reply(counted=True)):
                with self._lab.streams.one() as free:
                    return self._said(await carrier.whole(verdict) if free else STREAMS_FULL)
            case Forward():
                return self._said(await carrier.whole(verdict))
            case Refuse():
                return self._refusal(verdict)
        raise AssertionError(verdict)

    async def _copy(self, call: Call, verdict: Forward, head: Head) -> None:
        """An archive, up or down; a look at one file's head needs no spool of its own."""
        lab, method = self._lab, head.method
        if method == "PUT":
            self._close = True  # what is refused half-way leaves the rest of its body
        of_lab = lab.spooled if method != "HEAD" else Slots(1)
        with lab.streams.one(verdict.reply.counted) as free, lab.spools.one(of_lab) as spool:
            if not free or spool is None:
                await self._reply(self._refusal(STREAMS_FULL if not free else TOO_OFTEN), method)
                return
            refused = await self._upload(head, spool) if method == "PUT" else None
            result = refused or await lab.copier.copied(lambda: self._lab.decided(call), spool)
            if isinstance(result, Kept):
                await self._send_kept(result, spool, method)
            else:
                await self._reply(await self._whole(result), method)

    async def _upload(self, head: Head, spool: Spool) -> Refuse | None:
        await self._go_on(head)
        try:
            async with asyncio.timeout(ARCHIVE_SECONDS):
                return await self._lab.copier.uploaded(spool, body_pieces(self._reader, head))
        except TimeoutError:
            raise BadRequest(408, "the archive did not come in time") from None

    async def _send_kept(self, kept: Kept, spool: Spool, method: str) -> None:
        """A client that takes too long finds the last chunk missing."""
        self._begun = True
        try:
            async with asyncio.timeout(ARCHIVE_SECONDS):
                await self._send(client.head(kept.status, (*kept.headers, *framing(method))))
                if method == "HEAD":
                    return
                async for piece in spool.pieces():
                    await self._send(client.chunk(piece))
                await self._send(client.LAST_CHUNK)
        except TimeoutError:
            self._writer.transport.abort()
            raise ConnectionOver from None

    async def _stream(self, verdict: Forward, head: Head) -> None:
        """An answer that may last; a raw one ends the connection, also when the engine did not switch."""
        self._opening = verdict if head.wants_upgrade and verdict.reply.spoken is not None else None
        with self._lab.streams.one(verdict.reply.counted) as free:
            result = await self._streamed(verdict, head) if free else STREAMS_FULL
        if isinstance(result, Refuse) and self._opening is not None:
            self._lab.observer.refused(self._lab.owner.lab, result.code)
            await self._end_with(result.status, result.message, head.method)
        elif result is not None:
            await self._reply(self._said(result), head.method)

    async def _streamed(self, verdict: Forward, head: Head) -> Answer | Refuse | None:
        self._begun, carrier = True, self._lab.carrier
        if verdict.reply.carry is not Carry.HIJACK:
            return await carrier.stream(verdict, head.method, self._reader, self._writer)
        self._close = True
        return await carrier.hijack(verdict, head.wants_upgrade, self._reader, self._writer)

    def _said(self, result: Answer | Refuse) -> Answer:
        return self._refusal(result) if isinstance(result, Refuse) else result

    def _refusal(self, refusal: Refuse) -> Answer:
        self._lab.observer.refused(self._lab.owner.lab, refusal.code)
        return answer_json({"message": refusal.message}, refusal.status)

    async def _reply(self, answer: Answer, method: str) -> None:
        if self._hearing.keeps(answer):
            self._close = True
            await self._send(client.raw_head(upgraded=True))
            return
        close = self._close and not self._upgrade
        await self._send(client.whole(answer.status, answer.headers, answer.body, method=method, close=close))

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await drained(self._writer)
