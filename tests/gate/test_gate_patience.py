"""Clients that do not read, ask too often, or take too much: bounded memory, bounded time, and the others go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import time
from collections import Counter
from pathlib import Path

import h11
import pytest

from bot.errors import EngineTimeout
from bot.guard.streams import MAX_ARCHIVE
from bot.sandbox.gate import carry, client, connection, patience, pump
from bot.sandbox.gate.body import LEAST_CHUNK, MANY_CHUNKS
from bot.sandbox.gate.chunks import Crumbs
from bot.sandbox.gate.lab import BURST
from bot.sandbox.gate.paces import BODIES, BODY_SECONDS, CALL_SECONDS, COSTLY, COSTLY_SECONDS, LARGE_BODY
from bot.sandbox.gate.patience import LONGEST_WAIT, Pace
from bot.sandbox.gate.pump import FULL, MUCH, STRAIGHT, Rest
from bot.sandbox.gate.server import TOLD_AT_A_TIME
from bot.sandbox.gate.slots import Slots
from bot.sandbox.gate.sparing import SparingLog
from bot.sandbox.gate.upstream import CHUNKS_PIECE, MAX_WHOLE, EngineAnswer
from bot.sandbox.refusals import FIRST, INTERVAL
from tests.gate.support import A, FakeEngine, HandMadeLab, opened, raw, settled, status, until

WEB = "c" * 64
SWITCH = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)
ATTACH = (
    b"POST /v1.41/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)
LOGS = b"GET /v1.41/containers/web/logs?stdout=1&follow=1 HTTP/1.1\r\nHost: d\r\n\r\n"
TOO_MUCH = 8 * 1024 * 1024
"""More than all the sockets and buffers on a stream's way hold."""


@pytest.fixture(autouse=True)
def one_container(fake: FakeEngine, lab: HandMadeLab) -> None:
    """The engine knows one container of the lab, `web`, which says more than anyone reads."""
    name = f"/lab-{lab.owner.lab}.web"
    item = {"Id": WEB, "Names": [name], "Labels": lab.owner.labels(), "State": "running", "Mounts": []}
    body = json.dumps([item]).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    fake.replies[b"GET /v1.41/containers/json"] = b"%b%d\r\n\r\n%b" % (head, len(body), body)
    fake.replies[b"POST /v1.41/containers/" + WEB.encode() + b"/attach"] = SWITCH
    piece = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    fake.replies[b"GET /v1.41/containers/" + WEB.encode() + b"/"] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + piece * (MAX_ARCHIVE // 0x100000 + 1) + b"0\r\n\r\n"
    )
    fake.after = bytes(TOO_MUCH)


@pytest.mark.parametrize("request_bytes", [ATTACH, LOGS], ids=["attach", "logs"])
async def test_a_client_that_takes_nothing_is_cut_off(
    lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch, request_bytes: bytes
) -> None:
    """After the patience its stream is free again, although it never closed."""
    for module in (pump, patience):
        monkeypatch.setattr(module, "STALL_SECONDS", 0.1)
    _, writer = await asyncio.open_unix_connection(lab.socket, limit=1024)
    writer.write(request_bytes)
    await until(lambda: lab.gate.streams == 1)
    await settled(lab)
    writer.close()


async def test_a_slow_client_is_not_cut_off(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a little in each span of the patience: all of it arrives."""
    monkeypatch.setattr(pump, "STALL_SECONDS", 0.5)
    reader, writer = await asyncio.open_unix_connection(lab.socket, limit=1024)
    writer.write(ATTACH)
    await reader.readuntil(b"\r\n\r\n")
    got, started = 0, time.monotonic()
    while time.monotonic() - started < 1.5:
        got += len(await reader.read(65536))
        await asyncio.sleep(0.05)
    writer.write_eof()
    while data := await reader.read(1 << 20):
        got += len(data)
    assert got == TOO_MUCH
    writer.close()
    await settled(lab)


async def test_streams_that_nobody_reads_keep_the_memory_flat(fake: FakeEngine, tmp_path: Path) -> None:
    """64 of them, in four labs: what they hold is bounded by the buffers on the way, not by what the engine has."""
    folders = [tmp_path / f"lab{number}" for number in range(4)]
    async with contextlib.AsyncExitStack() as stack:
        labs = []
        for folder in folders:
            folder.mkdir()
            made = opened(fake.path, A, "a" * 64, frozenset({"diamol/base:latest"}), folder)
            labs.append(await stack.enter_async_context(made))
        before = _resident()
        held = []
        for lab in labs:
            for _ in range(lab.owner.limits.streams):
                held.append(await asyncio.open_unix_connection(lab.socket, limit=1024))
                held[-1][1].write(ATTACH)
        await until(lambda: all(lab.gate.streams == lab.owner.limits.streams for lab in labs))
        await asyncio.sleep(0.3)
        # The test's own side is in this process too: the fake engine's 8 MiB wait in it for each stream.
        own = len(held) * TOO_MUCH
        assert _resident() - before - own < len(held) * 1024 * 1024
        for _, writer in held:
            writer.close()
        for lab in labs:
            await settled(lab)


def _resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_a_stream_rests_after_much_but_not_while_its_writer_is_held_up() -> None:
    """Typing never waits; bulk gathers between two looks; a socket found full is read on without a rest."""
    rest = Rest(lambda: None)
    assert not rest.due(MUCH - 1)
    assert rest.due(MUCH)
    rest.ended()
    assert rest.due(FULL - 1)
    rest.ended()
    assert [rest.due(FULL) for _ in range(STRAIGHT + 1)] == [False] * STRAIGHT + [True]


async def test_much_comes_whole_through_the_rests(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Every byte, in its order, and then the end."""
    fake.after = bytes(range(256)) * (TOO_MUCH // 256)
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    writer.write(ATTACH)
    await reader.readuntil(b"\r\n\r\n")
    assert await reader.readexactly(TOO_MUCH) == fake.after
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await settled(lab)


async def test_an_answer_beyond_what_is_read_whole_is_told_as_that(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Not as an engine that is away: the learner can ask for less, and waiting would not help."""
    fake.replies[b"GET /v1.41/containers/json"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (
        MAX_WHOLE + 1
    ) + b" " * (MAX_WHOLE + 1)
    answer = await raw(lab.socket, b"GET /v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n")
    assert status(answer) == 403 and b"larger than the 8 MiB" in answer
    assert lab.observer.codes == ["answer-large"]


async def test_input_that_came_with_the_request_goes_first(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Whatever the client sent before the engine switched reaches the container, in order, and then its end."""
    fake.after = b"out"
    words = b"".join(b"%05d" % number for number in range(10_000))
    answer = await raw(lab.socket, ATTACH + words)
    assert answer.endswith(b"\r\n\r\nout")
    (seen,) = [request for request in fake.seen if b"/attach" in request]
    assert seen.endswith(b"\r\n\r\n" + words)
    await settled(lab)


async def test_output_that_came_before_the_client_read_goes_first(lab: HandMadeLab, fake: FakeEngine) -> None:
    """As much as the buffers take while a slow client still waits for its head: nothing of it is lost."""
    fake.after = b"".join(b"%08d" % number for number in range(400_000))
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        await loop.sock_connect(client, str(lab.socket))
        await loop.sock_sendall(client, ATTACH)
        await until(lambda: lab.gate.streams == 1)
        await asyncio.sleep(0.2)
        client.shutdown(socket.SHUT_WR)
        got = b""
        while data := await loop.sock_recv(client, 1 << 20):
            got += data
    assert got.endswith(b"\r\n\r\n" + fake.after)
    await settled(lab)


@pytest.mark.parametrize("request_bytes", [ATTACH, LOGS], ids=["attach", "logs"])
async def test_a_client_that_takes_nothing_does_not_keep_the_gate_open(lab: HandMadeLab, request_bytes: bytes) -> None:
    """A lab is parked or closed at once, whoever sits before a stopped pager in it."""
    _, writer = await asyncio.open_unix_connection(lab.socket, limit=1024)
    writer.write(request_bytes)
    await until(lambda: lab.gate.streams == 1)
    await asyncio.sleep(0.2)
    async with asyncio.timeout(2):
        await lab.gate.close()
    assert not lab.gate.connections
    writer.close()


async def test_clients_of_the_moment_of_closing_are_hung_up_on(lab: HandMadeLab) -> None:
    """Also those that are just told that the lab is full."""
    crowd = [
        await asyncio.open_unix_connection(lab.socket) for _ in range(lab.owner.limits.connections + TOLD_AT_A_TIME)
    ]
    await until(lambda: lab.gate._told.taken == TOLD_AT_A_TIME)
    async with asyncio.timeout(2):
        await lab.gate.close()
        for reader, writer in crowd:
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.close()


async def test_nobody_waits_for_another_ones_walks(lab: HandMadeLab, fake: FakeEngine) -> None:
    """`docker diff` waits for its turn; a container starts meanwhile."""
    diff = b"GET /v1.41/containers/web/changes HTTP/1.1\r\nHost: d\r\n\r\n"
    empty = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    fake.replies = {b"GET /v1.41/containers/" + WEB.encode(): empty} | fake.replies
    waiting = [await asyncio.open_unix_connection(lab.socket) for _ in range(BURST + 1)]
    for _, writer in waiting:
        writer.write(diff)
    await until(lambda: sum(b"/changes" in request for request in fake.seen) == BURST)
    async with asyncio.timeout(2):
        start = b"POST /v1.41/containers/web/start HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n"
        assert status(await raw(lab.socket, start)) == 200
    assert sum(b"/changes" in request for request in fake.seen) == BURST
    for _, writer in waiting:
        writer.close()


@pytest.mark.parametrize("large", [False, True])
async def test_large_bodies_are_read_in_turns(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    """Their reading is everybody's loop; the CLI's own bodies are not that large, and wait for nothing."""
    turns = _counted(monkeypatch, {BODY_SECONDS: BODIES})
    body = json.dumps({"Image": "diamol/base", "Cmd": ["x" * (LARGE_BODY if large else LARGE_BODY // 2)]}).encode()
    head = b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    answers = [status(await raw(lab.socket, request)) for _ in range(BODIES + 1)]
    assert answers == [404] * BODIES + [429 if large else 404]  # no image is local
    assert turns[CALL_SECONDS] == 2 * (BODIES + 1)  # a connection and a request each


def _counted(monkeypatch: pytest.MonkeyPatch, most: dict[float, int]) -> Counter[float]:
    """How many turns were asked for, by their pace; of those in `most` so many are had and no more."""
    turns: Counter[float] = Counter()

    async def turn(pace: Pace) -> bool:
        turns[pace._seconds] += 1
        return turns[pace._seconds] <= most.get(pace._seconds, turns[pace._seconds])

    monkeypatch.setattr(Pace, "turn", turn)
    return turns


@pytest.mark.parametrize(
    "line",
    [
        "GET /v1.41/containers/web/top",
        f"POST /v1.41/containers/{WEB}/exec",
        f"POST /v1.41/exec/{WEB}/start",
        "POST /v1.41/containers/create",
    ],
)
async def test_what_starts_programs_of_the_engine_waits_for_its_turn(
    lab: HandMadeLab, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """Cases J186, J187: a loop of them is told to come back, and the engine hears nothing of it; other calls pass."""
    turns = _counted(monkeypatch, {COSTLY_SECONDS: 0})
    head = "Host: d\r\nContent-Type: application/json\r\nContent-Length: 2" if line.startswith("POST") else "Host: d"
    body = "{}" if line.startswith("POST") else ""
    assert status(await raw(lab.socket, f"{line} HTTP/1.1\r\n{head}\r\n\r\n{body}".encode())) == 429
    assert not fake.seen and lab.observer.codes == ["too-often"]
    assert status(await raw(lab.socket, b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")) == 200
    assert turns[COSTLY_SECONDS] == 1 and COSTLY >= 2 * 16  # a script's worth of execs waits for nothing


@pytest.mark.parametrize(
    ("size", "pieces", "expected"),
    [(1, MANY_CHUNKS - 1, 404), (1, MANY_CHUNKS + 1, 413), (LEAST_CHUNK, 10 * MANY_CHUNKS, 404)],
)
async def test_a_body_in_crumbs_is_refused(lab: HandMadeLab, size: int, pieces: int, expected: int) -> None:
    """Each piece costs a turn of everybody's loop; those that are no crumbs pass, however many they are."""
    head = b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
    body = b"%x\r\n%b\r\n" % (size, b" " * size) * pieces + b'17\r\n{"Image":"diamol/base"}\r\n0\r\n\r\n'
    answer = await raw(lab.socket, head + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    assert status(answer) == expected and (b"pieces" in answer) == (expected == 413)


async def test_a_log_of_crumbs_leaves_turns_for_others() -> None:
    """Each short line is a chunk of the engine's; also when all are there at once, others have turns in between."""
    lines = [b"%06d" % number for number in range(20_000)]
    crumbs = b"".join(b"6\r\n%b\r\n" % line for line in lines) + b"0\r\n\r\n"
    there = asyncio.StreamReader(limit=len(crumbs))
    there.feed_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    machine = h11.Connection(h11.CLIENT)
    machine.send(h11.Request(method="GET", target="/", headers=[("Host", "d")]))
    machine.send(h11.EndOfMessage())
    ours, engines = socket.socketpair(socket.AF_UNIX)
    _, writer = await asyncio.open_unix_connection(sock=ours)
    answer = EngineAnswer(there, writer, machine, Crumbs())
    await answer.read_head()
    there.feed_data(crumbs)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(other())
        pieces = [piece async for piece in answer.pieces()]
        task.cancel()
    writer.close()
    engines.close()
    assert b"".join(pieces) == b"".join(lines)
    assert turns >= len(pieces) - 1 >= len(crumbs) // CHUNKS_PIECE


async def test_a_log_that_breaks_off_does_so_for_the_client(lab: HandMadeLab, fake: FakeEngine) -> None:
    """The missing last chunk tells it."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for rest in (b"", b"5\r\nab", b"2\r\nabcd", b"zz\r\n"):
        fake.replies = {b"GET /v1.41/containers/" + WEB.encode(): head + b"2\r\nxy\r\n" + rest} | fake.replies
        answer = await raw(lab.socket, LOGS)
        assert status(answer) == 200 and not answer.endswith(b"0\r\n\r\n")
        fake.replies.pop(b"GET /v1.41/containers/" + WEB.encode())
    await settled(lab)


async def test_an_engine_that_is_away_does_not_fill_the_log(
    lab: HandMadeLab, fake: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """A learner's loop meanwhile: each call is answered, and the operator reads a few lines."""
    fake.reply = b""
    fake.replies = {}
    ask = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
    answers = [status(await raw(lab.socket, ask)) for _ in range(5 * FIRST)]
    assert answers == [503] * len(answers)
    assert len(caplog.messages) == FIRST and all("EngineUnavailable" in line for line in caplog.messages)


def _fails(*_: object) -> None:
    raise RuntimeError("a fault of ours")


async def test_a_fault_of_the_gate_is_said(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before an answer has begun; the client learns that the engine is not to blame, and the next one is served."""
    with monkeypatch.context() as faulty:
        faulty.setattr(connection, "decide", _fails)
        faulty.setattr(connection.Lab, "decided", _fails)
        for path in (b"/_ping", b"/nonsense"):
            answer = await raw(lab.socket, b"GET /v1.41%b HTTP/1.1\r\nHost: d\r\n\r\n" % path)
            assert status(answer) == 500 and b"the lab's gate could not" in answer and answer.count(b"HTTP/1.1") == 1
    assert status(await raw(lab.socket, b"GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")) == 200


@pytest.mark.parametrize("full", [False, True])
async def test_a_fault_after_the_answer_does_not_fill_the_log(
    lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, full: bool
) -> None:
    """While a client is given the time to read it, whether it was served or only told that the lab is full."""
    monkeypatch.setattr(client, "linger", _fails)
    if full:
        monkeypatch.setattr(lab.gate, "_connections", Slots(0))
    ping = b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
    answers = [status(await raw(lab.socket, ping)) for _ in range(5 * FIRST)]
    assert answers == [429 if full else 200] * len(answers)
    await settled(lab)
    assert len(caplog.messages) == FIRST and all("a fault of ours" in line for line in caplog.messages)


async def test_a_fault_in_the_middle_of_an_answer_only_ends_it(
    lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No second answer is put into the first one, and the last chunk is missing."""
    monkeypatch.setattr(carry.Carrier, "_pass_pieces", _fails)
    answer = await raw(lab.socket, LOGS)
    assert status(answer) == 200 and answer.count(b"HTTP/1.1") == 1 and not answer.endswith(b"0\r\n\r\n")


def test_failures_that_were_not_told_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """With the next interval's first one."""
    now = 0.0
    failures = SparingLog(logging.getLogger("gate"), A, lambda: now)
    for _ in range(FIRST + 7):
        failures.warning(EngineTimeout("slow"))
    now = INTERVAL
    failures.warning(EngineTimeout("slow"))
    told = [f"lab {A}: EngineTimeout: slow"] * FIRST
    assert caplog.messages == [*told, f"lab {A}: 7 more failures since then", told[0]]


async def test_a_flood_of_connections_leaves_turns_for_others(lab: HandMadeLab) -> None:
    """However many wait at the door, one is taken at a time."""
    most = lab.owner.limits.connections
    with contextlib.ExitStack() as stack:
        for _ in range(most):
            stack.enter_context(socket.socket(socket.AF_UNIX)).connect(str(lab.socket))
        turns = 0
        while lab.gate.connections < most:
            turns += 1
            await asyncio.sleep(0)
    assert turns >= most
    await settled(lab)


async def test_what_costs_the_engine_much_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few at once, then one in a while; a crowd is told to come back."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(patience.asyncio, "sleep", sleep)
    pace = Pace(BURST, 5.0)
    assert all([await pace.turn() for _ in range(BURST)]) and not slept
    assert await pace.turn() and 4 < slept[0] <= 5
    turns = [await pace.turn() for _ in range(20)]
    assert not turns[-1] and max(slept) <= LONGEST_WAIT
