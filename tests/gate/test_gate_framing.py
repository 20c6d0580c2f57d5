"""Framing: raw bytes against a recording engine. What is refused never reaches it; what is judged does once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.sandbox.gate import Gate
from bot.sandbox.gate.sockets import reachable
from tests.gate.support import FakeEngine, HandMadeLab, raw, settled, status, until

LIST = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
CREATE = b'{"Image":"diamol/base","HostConfig":{"Privileged":true}}'


def post(headers: bytes, body: bytes = b"", target: bytes = b"/v1.41/containers/create") -> bytes:
    return b"POST " + target + b" HTTP/1.1\r\nHost: d\r\n" + headers + b"\r\n" + body


REFUSED = {
    "17 absolute form": (400, b"GET http://evil/v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"),
    "20 HEAD of a list": (404, b"HEAD /v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"),
    "21 length and chunks": (400, post(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    "22 length twice, equal": (400, post(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}")),
    "22 length twice": (400, post(b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}")),
    "22 lengths in one": (400, post(b"Content-Length: 2, 2\r\n", b"{}")),
    "22 signed length": (400, post(b"Content-Length: +2\r\n", b"{}")),
    "24 identity": (400, post(b"Transfer-Encoding: identity\r\n")),
    "24 gzip, chunked": (400, post(b"Transfer-Encoding: gzip, chunked\r\n")),
    "24 chunked twice": (400, post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    "24 xchunked": (400, post(b"Transfer-Encoding: xchunked\r\n")),
    "24 vertical tab": (400, post(b"Transfer-Encoding: \x0bchunked\r\n")),
    "25 blank before the colon": (400, post(b"Transfer-Encoding : chunked\r\n")),
    "25 zero in a name": (400, post(b"X\x00Y: 1\r\n")),
    "25 tab in a name": (400, post(b"X\tY: 1\r\n")),
    "25 folded line": (400, post(b"X: 1\r\n Transfer-Encoding: chunked\r\n")),
    "25 bare LF in the head": (400, b"GET /v1.41/info HTTP/1.1\nHost: d\r\n\r\n"),
    "25 bare CR in the head": (400, b"GET /v1.41/info HTTP/1.1\r\nHost: d\rX: y\r\n\r\n"),
    "29 two hosts": (400, b"GET /v1.41/info HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    "29 no host": (400, b"GET /v1.41/info HTTP/1.1\r\n\r\n"),
    "29 zero in the host": (400, b"GET /v1.41/info HTTP/1.1\r\nHost: a\x00b\r\n\r\n"),
    "34 HTTP/2 preface": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "36 encoded body": (
        415,
        post(b"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n", b"xx"),
    ),
    "39 head too large": (431, b"GET /_ping HTTP/1.1\r\nHost: d\r\nX: " + b"a" * 70_000 + b"\r\n\r\n"),
    "39 line too long": (414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: d\r\n\r\n"),
    "39 too many headers": (
        431,
        b"GET /_ping HTTP/1.1\r\nHost: d\r\n" + b"".join(b"X%d: 1\r\n" % n for n in range(101)) + b"\r\n",
    ),
    "40 declared too large": (413, post(b"Content-Type: application/json\r\nContent-Length: 1048577\r\n")),
    "OPTIONS *": (404, b"OPTIONS * HTTP/1.1\r\nHost: d\r\n\r\n"),
    "OPTIONS of a path": (404, b"OPTIONS /info HTTP/1.1\r\nHost: d\r\n\r\n"),
    "70 session": (403, post(b"Connection: Upgrade\r\nUpgrade: h2c\r\n", target=b"/v1.41/session")),
    "44 form body": (
        400,
        post(
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n",
            b"name=x",
            b"/v1.41/images/create?fromImage=diamol/base",
        ),
    ),
}


@pytest.mark.parametrize("pieces", [0, 1, 7])
@pytest.mark.parametrize("case", REFUSED)
async def test_a_head_that_can_be_read_two_ways_is_refused(
    lab: HandMadeLab, fake: FakeEngine, case: str, pieces: int
) -> None:
    """Section A: exact status, nothing reaches the engine, in one piece, byte by byte and in between."""
    expected, data = REFUSED[case]
    if pieces and len(data) > 20_000:
        pieces = 1000
    assert status(await raw(lab.socket, data, pieces=pieces)) == expected
    assert fake.seen == []


@pytest.mark.parametrize(
    "chunks",
    [
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b"+2\r\n{}\r\n0\r\n\r\n",
        b"2_0\r\n{}\r\n0\r\n\r\n",
        b" 2\r\n{}\r\n0\r\n\r\n",
        b'2;ext="\n"\r\n{}\r\n0\r\n\r\n',
        b"2\n{}\n0\n\n",
        b"1" * 17 + b"\r\n{}",
        b"2\r\n{}0\r\n\r\n",
        b"\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nHost: evil\r\n\r\n",
    ],
)
async def test_chunks_that_can_be_read_two_ways_are_refused(lab: HandMadeLab, fake: FakeEngine, chunks: bytes) -> None:
    """Cases A26, A27."""
    data = post(b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", chunks)
    assert status(await raw(lab.socket, data)) == 400
    assert fake.seen == []


async def test_a_body_without_a_declared_length_is_bounded(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case A40, the shape of CVE-2026-34040: what is too large to judge is not sent on."""
    chunk = b"40000\r\n" + b"x" * 0x40000 + b"\r\n"
    data = post(b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", chunk * 5 + b"0\r\n\r\n")
    assert status(await raw(lab.socket, data)) == 413
    assert fake.seen == []


async def test_chunked_and_declared_bodies_get_the_same_verdict(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case A41, the shape of CVE-2024-41110."""
    kind = b"Content-Type: application/json\r\n"
    chunked = post(kind + b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(CREATE), CREATE))
    declared = post(kind + b"Content-Length: %d\r\n" % len(CREATE), CREATE)
    answers = [await raw(lab.socket, data) for data in (chunked, declared)]
    assert answers[0] == answers[1] and status(answers[0]) == 403
    assert fake.seen == []


async def test_a_hidden_request_in_a_body_is_never_seen(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case A30."""
    hidden = b"DELETE /v1.41/containers/x HTTP/1.1\r\nHost: d\r\n\r\n"
    await raw(
        lab.socket,
        b"GET /v1.41/containers/json HTTP/1.1\r\nHost: d\r\nContent-Length: %d\r\n\r\n" % len(hidden) + hidden,
    )
    assert not any(line.startswith("DELETE") for line in fake.lines) and len(fake.lines) <= 1


async def test_bytes_after_an_empty_body_are_a_request_of_their_own(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case A42: judged as an empty body, and the rest as whatever it is."""
    data = post(b"Content-Type: application/json\r\nContent-Length: 0\r\n", CREATE)
    assert status(await raw(lab.socket, data)) == 400
    assert fake.seen == []


async def test_pipelined_requests_are_judged_one_by_one_in_order(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Cases A31, A32: each gets its own verdict and its own connection."""
    answer = await raw(lab.socket, LIST + b"GET /debug/vars HTTP/1.1\r\nHost: d\r\n\r\n" + LIST)
    assert [part.split(b" ", 1)[0] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]
    assert len(fake.seen) == 2 and all(line.startswith("GET /v1.41/containers/json?") for line in fake.lines)


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
    gate = Gate(engine_socket=fake.path, owner=lab.owner, shelf=lab.shelf, observer=lab.observer)
    await gate.start(folder / "docker.sock")
    with reachable(folder / "docker.sock") as address:
        assert status(await raw(Path(address), LIST)) == 200
    await gate.close()
    assert not list(folder.iterdir())
