"""Framing: raw bytes against a recording engine. What is refused never reaches it; what is judged does once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.sandbox.longpaths import reachable
from tests.gate.support import FakeEngine, HandMadeLab, gate_of, raw, settled, status, until

LIST = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"


def post(headers: bytes, body: bytes = b"", target: bytes = b"/v1.41/containers/create") -> bytes:
    return b"POST " + target + b" HTTP/1.1\r\nHost: d\r\n" + headers + b"\r\n" + body


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
