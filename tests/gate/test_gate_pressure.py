"""Streams that one side does not take, and floods: what waits stays where it is, and another lab feels nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.sandbox.gate import carry, upstream
from bot.sandbox.gate import lab as lab_module
from bot.sandbox.gate.lab import BURST
from bot.sandbox.turns import Turns
from tests.gate.support import A, B, FakeEngine, HandMadeLab, opened, raw, settled, status, until
from tests.guard.lab import WEB, container

SWITCH = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
ATTACH = (
    b"POST /v1.41/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)
LOGS = b"GET /v1.41/containers/web/logs?stdout=1&follow=1 HTTP/1.1\r\nHost: d\r\n\r\n"
LIST = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
PIECE = bytes(range(256)) * 256
FLOOD = 32 * 1024 * 1024
ON_THE_WAY = 2 * 1024 * 1024
"""More than two sockets, the gate's buffers and this test's own hold together."""


def whole(value: object) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


@dataclass
class Talker:
    """An engine whose container says more than anyone reads, or reads nothing; it counts what really left it."""

    path: Path
    lists: bytes
    said: int = 0
    heard: bytearray = field(default_factory=bytearray)
    listen: asyncio.Event = field(default_factory=asyncio.Event)
    speaks: bool = True

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if b"/attach" in head:
                writer.write(SWITCH)
                await (self._speak(writer, b"%b") if self.speaks else self._hear(reader))
            elif b"/logs" in head:
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                await self._speak(writer, b"%x\r\n" % len(PIECE) + b"%b\r\n")
            else:
                writer.write(self.lists)
        writer.close()

    async def _speak(self, writer: asyncio.StreamWriter, form: bytes) -> None:
        while self.said < FLOOD:
            writer.write(form % PIECE)
            await writer.drain()
            self.said += len(PIECE)

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        await self.listen.wait()
        while data := await reader.read(1 << 20):
            self.heard += data


@pytest.fixture
async def talker(lab: HandMadeLab, fake: FakeEngine) -> AsyncIterator[Talker]:
    """In the fake engine's place."""
    fake.path.unlink()
    engine = Talker(fake.path, whole([container(WEB, "web", lab=lab.owner.lab)]))
    # A small limit: what this side has written and not sent is part of what it counts.
    server = await asyncio.start_unix_server(engine.handle, fake.path, limit=1024)
    yield engine
    engine.listen.set()
    server.close()


async def stands_still(count: Iterator[int]) -> int:
    """The count, once it has not moved for half a second."""
    last = -1
    async with asyncio.timeout(20):
        while (now := next(count)) != last:
            last = now
            await asyncio.sleep(0.5)
    return last


@pytest.mark.parametrize("request_bytes", [ATTACH, LOGS], ids=["attach", "logs"])
async def test_what_a_client_does_not_take_stays_in_the_engine(
    lab: HandMadeLab, talker: Talker, request_bytes: bytes
) -> None:
    """Case B64: of 32 MiB less than two leave the engine; another call of the lab is answered meanwhile."""
    _, writer = await asyncio.open_unix_connection(lab.socket, limit=1024)
    writer.write(request_bytes)
    await until(lambda: lab.gate.streams == 1)
    taken = await stands_still(iter(lambda: talker.said, None))
    assert 0 < taken < ON_THE_WAY
    assert status(await raw(lab.socket, LIST)) == 200
    writer.transport.abort()
    await settled(lab)


@pytest.mark.parametrize("request_bytes", [ATTACH, LOGS], ids=["attach", "logs"])
async def test_the_engine_is_never_far_ahead_of_a_slow_client(
    lab: HandMadeLab, talker: Talker, request_bytes: bytes
) -> None:
    """Case B65: at every moment what has left the engine and is not read yet fits the buffers; nothing is lost."""
    reader, writer = await asyncio.open_unix_connection(lab.socket, limit=1024)
    writer.write(request_bytes)
    got, ahead = 0, []
    async with asyncio.timeout(20):
        while got < FLOOD // 8:
            got += len(await reader.read(8 * 1024))
            ahead.append(talker.said - got)
            await asyncio.sleep(0)
        writer.write_eof()
        while data := await reader.read(1 << 20):
            got += len(data)
    assert max(ahead) < ON_THE_WAY and len(ahead) > 100
    assert talker.said == FLOOD <= got
    writer.close()
    await settled(lab)


async def test_what_a_program_does_not_read_stays_with_its_writer(lab: HandMadeLab, talker: Talker) -> None:
    """Case B67: the client is held back for as long as the program sleeps; then every byte arrives in its order."""
    talker.speaks = False
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    writer.write(ATTACH)
    await reader.readuntil(b"\r\n\r\n")
    sent = 0

    async def send() -> None:
        nonlocal sent
        while sent < FLOOD:
            writer.write(PIECE)
            await writer.drain()
            sent += len(PIECE)
        writer.write_eof()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(send())
        assert 0 < await stands_still(iter(lambda: sent, None)) < ON_THE_WAY
        assert not talker.heard
        talker.listen.set()
    await until(lambda: len(talker.heard) == FLOOD, 20)
    assert talker.heard == PIECE * (FLOOD // len(PIECE))
    writer.close()
    await settled(lab)


@pytest.fixture
async def other(fake: FakeEngine, tmp_path: Path) -> AsyncIterator[HandMadeLab]:
    """B, on the same engine."""
    (tmp_path / "other").mkdir()
    async with opened(fake.path, B, "b" * 64, frozenset(), tmp_path / "other") as made:
        yield made


async def test_sixty_four_attaches_at_once_get_the_labs_streams_and_no_more(
    lab: HandMadeLab, other: HandMadeLab, fake: FakeEngine
) -> None:
    """Case B66: exactly so many are carried, the others are told at once, and B attaches as ever."""
    both = [container(WEB, "web", lab=one.owner.lab) for one in (lab, other)]
    fake.replies[b"GET /v1.41/containers/json"] = whole(both)
    fake.replies[b"POST /v1.41/containers/"] = SWITCH
    most = lab.owner.limits.streams
    crowd = [await asyncio.open_unix_connection(lab.socket) for _ in range(min(64, lab.owner.limits.connections))]
    for _, writer in crowd:
        writer.write(ATTACH)
    async with asyncio.timeout(10):
        heads = await asyncio.gather(*(reader.readuntil(b"\r\n\r\n") for reader, _ in crowd))
        assert Counter(status(head) for head in heads) == {101: most, 429: len(crowd) - most}
        assert lab.gate.streams == most
        reader, writer = await asyncio.open_unix_connection(other.socket)
        writer.write(ATTACH)
        assert status(await reader.readuntil(b"\r\n\r\n")) == 101
    for _, each in (*crowd, (reader, writer)):
        each.close()
    await settled(lab)
    await settled(other)
    assert lab.observer.codes == ["streams-full"] * (len(crowd) - most) and not other.observer.codes


async def test_a_storm_of_questions_about_sizes_reaches_no_disk(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case J189: sizes and df are answered from lists, exports not at all, diffs a few at a time."""
    fake.replies[b"GET /v1.41/containers/json"] = whole([container(WEB, "web", lab=lab.owner.lab)])
    fake.replies[b"GET /v1.41/containers/" + WEB.encode() + b"/json"] = (
        b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n"
    )
    fake.replies[b"GET /v1.41/volumes"] = whole({"Volumes": []})
    calls = ("containers/json?all=1&size=1", "containers/web/json?size=1", "system/df", "containers/web/export")
    waiting = [await asyncio.open_unix_connection(lab.socket) for _ in range(8)]
    for _, writer in waiting:
        writer.write(b"GET /v1.41/containers/web/changes HTTP/1.1\r\nHost: d\r\n\r\n")
    answers = await asyncio.gather(*(_asked(lab, call) for call in calls for _ in range(10)))
    assert {status(answer) for answer in answers} == {200, 403, 404}
    walks = [line for line in fake.lines if "size=" in line or "/df" in line or "/export" in line]
    assert not walks and 0 < sum("/changes" in line for line in fake.lines) <= BURST
    for _, writer in waiting:
        writer.close()


async def test_only_one_walk_of_files_is_under_way_on_the_whole_host(
    fake: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case L208: the engine keeps what it finds in memory. B's waits and is told so after a while; all else goes on."""
    monkeypatch.setattr(lab_module, "LONGEST_WAIT", 0.3)
    fake.path.unlink()
    walking, over = 0, asyncio.Event()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal walking
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/changes" in head:
            walking += 1
            await over.wait()
        writer.write(whole([container(WEB, "web", lab=one) for one in (A, B)] if b"/json" in head else []))
        writer.close()

    server = await asyncio.start_unix_server(engine, fake.path)
    turns = Turns(4)
    async with contextlib.AsyncExitStack() as stack:
        labs = []
        for lab in (A, B):
            folder = tmp_path / f"of-{lab}"
            folder.mkdir()
            labs.append(await stack.enter_async_context(opened(fake.path, lab, "a" * 64, frozenset(), folder, turns)))
        async with asyncio.TaskGroup() as group:
            first = group.create_task(_asked(labs[0], "containers/web/changes"))
            await until(lambda: walking == 1)
            assert status(await _asked(labs[1], "containers/web/changes")) == 429 and walking == 1
            assert status(await raw(labs[1].socket, LIST)) == 200
            over.set()
            assert status(await first) == 200
        assert status(await _asked(labs[1], "containers/web/changes")) == 200 and walking == 2
    server.close()


async def _asked(lab: HandMadeLab, call: str) -> bytes:
    return await raw(lab.socket, f"GET /v1.41/{call} HTTP/1.1\r\nHost: d\r\n\r\n".encode(), timeout=30)


def _open() -> set[int]:
    """This process's descriptors."""
    return {int(entry.name) for entry in Path("/proc/self/fd").iterdir()}


@contextlib.contextmanager
def few_descriptors(left: int) -> Iterator[None]:
    """So many more can be had, the gaps between those that are open included."""
    taken = _open()
    descriptors = next(most for most in range(10_000) if len(set(range(most)) - taken) == left)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_thousand_connections_are_a_bounded_number_of_descriptors(
    lab: HandMadeLab, other: HandMadeLab, fake: FakeEngine
) -> None:
    """Case J194: held open, all at once; B's gate answers, and so does A's as soon as they are gone."""
    before = len(_open())
    with contextlib.ExitStack() as stack:
        for _ in range(1000):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, str(lab.socket))
            await asyncio.sleep(0)  # the gate's turn to accept: the line before it holds 128
        assert status(await raw(other.socket, LIST)) == 200
        await asyncio.sleep(0.2)
        held = len(_open()) - before - 1000
        assert lab.gate.connections == lab.owner.limits.connections and held < 2 * lab.owner.limits.connections
    await settled(lab)
    assert status(await raw(lab.socket, LIST)) == 200


async def test_a_moment_without_descriptors_ends(lab: HandMadeLab, other: HandMadeLab) -> None:
    """Case J194: the bot has none left to accept with; afterwards both gates answer, without a restart."""
    clients = [socket.socket(socket.AF_UNIX) for _ in range(20)]
    with few_descriptors(5):
        for client in clients:
            client.setblocking(False)
            client.connect(str(lab.socket))
        await asyncio.sleep(0.2)
        assert lab.gate.connections < len(clients)
        for client in clients:
            client.close()
    for one in (lab, other):
        assert status(await raw(one.socket, b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n", timeout=10)) == 200


HALF = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n["


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\n", HALF], ids=["nothing", "half a head", "half a body"])
async def test_an_engine_that_hangs_is_a_504_in_time(
    lab: HandMadeLab, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Case J196: after nothing, half a head, or the head; the connection to it is given up, and the next call works."""
    for module in (upstream, carry):
        monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)
    fake.path.unlink()
    over = asyncio.Event()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        assert await reader.read() == b""
        over.set()
        writer.close()

    server = await asyncio.start_unix_server(engine, fake.path)
    answer = await raw(lab.socket, LIST)
    assert status(answer) == 504 and b"are kept" in answer
    async with asyncio.timeout(5):
        await over.wait()
    server.close()
    await settled(lab)
