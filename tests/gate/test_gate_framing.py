"""Framing: raw bytes against a recording engine. What is refused never reaches it; what is judged does once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from bot.sandbox.gate.body import MANY_CHUNKS
from bot.sandbox.longpaths import reachable
from tests.gate.support import FakeEngine, HandMadeLab, gate_of, raw, settled, status, until
from tests.guard.lab import WEB, container

LIST = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"


def post(headers: bytes, body: bytes = b"", target: bytes = b"/v1.41/containers/create") -> bytes:
    return b"POST " + target + b" HTTP/1.1\r\nHost: d\r\n" + headers + b"\r\n" + body


def whole(value: object) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def test_nothing_that_the_client_framed_reaches_the_engine(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Cases A19, A34, A35, B55: its headers, its version, its upgrade."""
    headers = b"X-HTTP-Method-Override: DELETE\r\nX-Forwarded-For: 1\r\nX-Registry-Auth: s\r\nCookie: s\r\n"
    upgrade = b"Connection: Upgrade, X-Gate-Owner\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"
    answer = await raw(
        lab.socket, b"GET /v1.30/containers/json?evil=1 HTTP/1.1\r\nHost: d\r\n" + headers + upgrade + b"\r\n"
    )
    assert status(answer) == 200
    (seen,) = fake.seen
    head = seen.decode().split("\r\n")
    assert head[0].startswith("GET /v1.41/containers/json?filters=") and head[1:] == [
        "Host: docker",
        "User-Agent: dosirak",
        "",
        "",
    ]


async def test_an_early_close_leaves_nothing_behind(lab: HandMadeLab, fake: FakeEngine) -> None:
    """A client that goes away in the middle of a head or body frees its connection."""
    for data in (LIST[:20], post(b"Content-Type: application/json\r\nContent-Length: 50\r\n", b"{")):
        _, writer = await asyncio.open_unix_connection(lab.socket)
        writer.write(data)
        await writer.drain()
        writer.close()
    assert status(await raw(lab.socket, LIST)) == 200
    await settled(lab)
    assert len(fake.seen) == 1


async def test_connections_are_bounded_and_come_back(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case J194: beyond the bound an answer, not a wait."""
    limit = lab.owner.limits.connections
    held = [await asyncio.open_unix_connection(lab.socket) for _ in range(limit)]
    await until(lambda: lab.gate.connections == limit)
    assert status(await raw(lab.socket, LIST)) == 429
    for _, writer in held:
        writer.close()
    await settled(lab)
    assert status(await raw(lab.socket, LIST)) == 200


async def test_an_engine_that_is_away_is_said_in_dockers_shape(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case J196: the learner reads what happened and that the lab is kept."""
    fake.path.unlink()
    answer = await raw(lab.socket, LIST)
    assert status(answer) == 503 and b'{"message":"the lab' in answer and b"are kept" in answer


async def test_an_engine_that_breaks_off_is_said_too(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case J196: half an answer is no answer."""
    fake.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n["
    assert status(await raw(lab.socket, LIST)) == 503


async def test_a_socket_path_longer_than_an_address_works(fake: FakeEngine, lab: HandMadeLab) -> None:
    """107 bytes are all that a unix address holds; state folders are longer."""
    folder = lab.socket.parent / ("f" * 120)
    folder.mkdir()
    gate = gate_of(fake.path, lab.owner, lab.shelf, lab.observer, lab.socket.parent)
    await gate.start(folder / "docker.sock")
    with reachable(folder / "docker.sock") as address:
        assert status(await raw(Path(address), LIST)) == 200
    await gate.close()
    assert not list(folder.iterdir())


CHUNKED = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"


async def test_a_body_in_chunks_is_the_body(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Put together in its order, whatever its pieces: it is judged as one, and what follows is a request again."""
    data = b'{"Image":"diamol/base","HostConfig":{"Privileged":true}}'
    chunks = b"".join(b"%X\r\n%b\r\n" % (len(part), part) for part in (data[:1], data[1:17], data[17:]))
    answer = await raw(lab.socket, post(CHUNKED, chunks + b"0\r\n\r\n") + LIST)
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"403", b"200"]
    assert b"--privileged" in answer
    await settled(lab)


async def test_a_chunk_that_ends_early_is_no_body(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Nor is one without its end: nothing is judged, and nobody waits."""
    for chunks in (b"5\r\n{}", b"2\r\n{}", b"2\r\n{}\r\n", b"2\r\n{}\r\n0\r\n", b"2"):
        assert await raw(lab.socket, post(CHUNKED, chunks)) == b""
    await settled(lab)
    assert fake.seen == []


async def test_a_chunks_size_has_an_end(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Zeros before it are no number of any client's, and more of them than a head may have are never read."""
    for zeros in (8, 200_000):
        assert status(await raw(lab.socket, post(CHUNKED, b"0" * zeros + b"2\r\n{}\r\n0\r\n\r\n"))) == 400
    await settled(lab)


async def test_a_body_is_refused_as_soon_as_it_is_too_large(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case A40: while it still comes, and although it never ends."""
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    writer.write(post(CHUNKED, (b"40000\r\n" + b"x" * 0x40000 + b"\r\n") * 5))
    async with asyncio.timeout(4):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413 ")
    writer.close()
    await settled(lab)


async def test_a_body_does_not_come_in_crumbs(lab: HandMadeLab, fake: FakeEngine) -> None:
    """A byte at a time costs all labs more than its sender; some small pieces are what a client may do."""
    name = b'{"Image":"' + b"x" * MANY_CHUNKS
    for count, code in ((MANY_CHUNKS - 20, 400), (MANY_CHUNKS + 20, 413)):
        crumbs = b"".join(b"1\r\n%c\r\n" % letter for letter in name[:count])
        assert status(await raw(lab.socket, post(CHUNKED, crumbs + b"0\r\n\r\n"))) == code
    await settled(lab)


async def test_a_chunk_of_more_than_the_bound_is_refused(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Before it comes: also in an archive, which may be larger as a whole."""
    fake.replies[b"GET /v1.41/containers/json"] = whole([container(WEB, "web", lab=lab.owner.lab)])
    for target, headers in (
        (b"/v1.41/containers/create", CHUNKED),
        (b"/v1.41/containers/web/archive?path=/x", b"Transfer-Encoding: chunked\r\n"),
    ):
        request = post(headers, b"1000001\r\n", target)
        request = request.replace(b"POST", b"PUT", 1) if b"archive" in target else request
        assert status(await raw(lab.socket, request)) == 413
    await settled(lab)
