"""Hijacked and followed streams: raw only after the engine's own switch, bounded, and gone when their client is."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket

import pytest

from bot.sandbox.gate import listening
from tests.gate.support import FakeEngine, HandMadeLab, raw, settled, status, until

WEB, EXEC = "c" * 64, "e" * 64
SWITCH = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)
CREATE = b'{"Image":"diamol/base","HostConfig":{"Privileged":true}}'
PIPELINED = (
    b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    % len(CREATE)
)
ATTACH = b"POST /v1.41/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
WAIT = b"POST /v1.41/containers/web/wait?condition=next-exit HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n"

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
"""Of an answer whose first byte takes its time."""


def whole(value: object, code: str = "200 OK") -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        code.encode(),
        len(body),
        body,
    )


@pytest.fixture(autouse=True)
def one_container(fake: FakeEngine, lab: HandMadeLab) -> None:
    """The engine knows one container of the lab, `web`, and an exec in it."""
    item = {
        "Id": WEB,
        "Names": [f"{'/'}lab-{lab.owner.lab}.web"],
        "Labels": lab.owner.labels(),
        "State": "running",
        "Mounts": [],
    }
    fake.replies[b"GET /v1.41/containers/json"] = whole([item])
    fake.replies[b"GET /v1.41/exec/"] = whole({"ContainerID": WEB, "ProcessConfig": {"tty": False}})
    fake.replies[b"POST /v1.41/containers/" + WEB.encode() + b"/attach"] = SWITCH


def exec_start(body: bytes) -> bytes:
    head = b"POST /v1.41/exec/" + EXEC.encode() + b"/start HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
    return head + b"Content-Length: %d\r\n" % len(body) + UPGRADE + body


def posts(fake: FakeEngine) -> list[str]:
    return [line for line in fake.lines if line.startswith("POST")]


async def test_a_refused_upgrade_never_opens_a_way_for_what_follows(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case B49: the engine says 404, the connection ends, the pipelined create is never read."""
    fake.replies[b"POST /v1.41/exec/"] = whole({"message": "No such exec instance"}, "404 Not Found")
    answer = await raw(lab.socket, exec_start(b'{"Detach":false,"Tty":false}') + PIPELINED + CREATE)
    assert status(answer) == 404 and answer.count(b"HTTP/1.1 ") == 1
    assert posts(fake) == [f"POST /v1.41/exec/{EXEC}/start HTTP/1.1"] and CREATE not in b"".join(fake.seen)


async def test_a_detached_exec_is_no_stream(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case B50: what follows is judged like any request."""
    fake.replies[b"POST /v1.41/exec/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    answer = await raw(lab.socket, exec_start(b'{"Detach":true}') + PIPELINED + CREATE)
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"403"]
    assert len(posts(fake)) == 1


@pytest.mark.parametrize("protocol", [b"tcp", b"websocket", b"h2c", b"anything"])
async def test_the_engine_is_always_asked_for_tcp(lab: HandMadeLab, fake: FakeEngine, protocol: bytes) -> None:
    """Case B54."""
    await raw(lab.socket, ATTACH + b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n")
    (seen,) = [request for request in fake.seen if b"/attach" in request]
    assert b"\r\nUpgrade: tcp\r\n" in seen


@pytest.mark.parametrize(("headers", "first"), [(UPGRADE, b"HTTP/1.1 101 UPGRADED"), (b"\r\n", b"HTTP/1.1 200 OK")])
async def test_raw_bytes_travel_both_ways_unread(
    lab: HandMadeLab, fake: FakeEngine, headers: bytes, first: bytes
) -> None:
    """Cases B56, B57: a request inside is input, a response inside is output; both forms of the engine's head."""
    fake.after = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    inside = b"DELETE /v1.41/containers/x HTTP/1.1\r\n\r\n"
    answer = await raw(lab.socket, ATTACH + headers + inside)
    assert answer.startswith(first) and answer.endswith(b"\r\n\r\n" + fake.after)
    (seen,) = [request for request in fake.seen if b"/attach" in request]
    assert seen.endswith(b"\r\n\r\n" + inside)
    assert not any(line.startswith("DELETE") for line in fake.lines)
    await settled(lab)


async def test_frames_are_intact_however_they_are_cut(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case B69."""
    fake.after = b"".join(b"\x01\0\0\0\0\0\0\x05hello" for _ in range(20_000))
    answer = await raw(lab.socket, ATTACH + UPGRADE, pieces=3)
    assert answer.partition(b"\r\n\r\n")[2] == fake.after


async def test_wait_answers_its_head_before_the_container_ends(lab: HandMadeLab, fake: FakeEngine) -> None:
    """The CLI starts the container only when its wait was heard."""
    fake.hold = asyncio.Event()
    fake.replies[b"POST /v1.41/containers/" + WEB.encode() + b"/wait"] = HEAD
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    writer.write(WAIT)
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
        fake.hold.set()
        assert b"StatusCode" in await reader.readuntil(b"0\r\n\r\n")
    writer.close()
    await settled(lab)


async def test_a_client_that_goes_frees_a_silent_stream(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case J191 and the gate's count: the engine says nothing, the client is gone, the slot is free again."""
    _, writer = await asyncio.open_unix_connection(lab.socket)
    writer.write(ATTACH + UPGRADE)
    await until(lambda: lab.gate.streams == 1)
    writer.close()
    await settled(lab)


@pytest.mark.parametrize(("head", "more"), [(HEAD, 0), (HEAD, 500_000), (b"", 0), (b"", 500_000)])
async def test_a_client_that_goes_is_noticed_whatever_it_left(
    lab: HandMadeLab, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch, head: bytes, more: int
) -> None:
    """Before the engine's first word, and also behind bytes that nobody reads; the engine's side ends with it."""
    monkeypatch.setattr(listening, "STUCK_SECONDS", 0.2)
    fake.hold = asyncio.Event()
    fake.replies[b"POST /v1.41/containers/" + WEB.encode() + b"/wait"] = head
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, str(lab.socket))
        client.send(WAIT)
        await until(lambda: any("/wait" in line for line in fake.lines))
        with contextlib.suppress(BlockingIOError):
            while more:
                client.send(bytes(more))
                await asyncio.sleep(0.05)
    await settled(lab)
    fake.hold.set()


async def test_streams_are_bounded_and_the_lab_goes_on(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case B66: the one too many is refused; other calls are answered."""
    held = []
    for _ in range(lab.owner.limits.streams):
        held.append(await asyncio.open_unix_connection(lab.socket))
        held[-1][1].write(ATTACH + UPGRADE)
    await until(lambda: lab.gate.streams == lab.owner.limits.streams)
    assert status(await raw(lab.socket, ATTACH + UPGRADE)) == 429
    assert status(await raw(lab.socket, b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")) == 200
    for _, writer in held:
        writer.close()
    await settled(lab)
    assert "streams-full" in lab.observer.codes


async def test_an_archive_is_looked_at_and_streams(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case I174's compressed archive: refused before the engine has it, whatever its framing."""
    head = b"PUT /v1.41/containers/web/archive?path=/x HTTP/1.1\r\nHost: d\r\nContent-Length: 600\r\n\r\n"
    answer = await raw(lab.socket, head + b"\x1f\x8b" + bytes(598))
    assert status(answer) == 400 and b"plain files" in answer
    await settled(lab)


async def test_closing_the_gate_ends_every_stream(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Nothing of a lab is left hanging on its clients."""
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    writer.write(ATTACH + UPGRADE)
    await until(lambda: lab.gate.streams == 1)
    await lab.gate.close()
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionError):
            await reader.read()
    assert lab.gate.streams == lab.gate.connections == 0 and not lab.socket.exists()
    writer.close()
