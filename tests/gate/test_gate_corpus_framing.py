"""Sections A and B of the corpus as raw bytes against a recording engine: whole, byte by byte, and in random pieces."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
from collections.abc import Iterator

import pytest

from tests.gate.support import FakeEngine, HandMadeLab, settled, status
from tests.guard.cases import Case, read_corpus
from tests.guard.judged import OWN_EXEC, WORLD
from tests.guard.lab import WEB, container

FRAMED = [case for case in read_corpus() if case.section in "AB" and list(case.wire(WORLD))]
REFUSED = [case for case in read_corpus() if case.section in "AB" and case.refused and list(case.steps(WORLD))]
BYTE_BY_BYTE = 3000
"""Longer requests travel in pieces of at least a thousandth: what they test is a bound, not a boundary."""

FACTS = ("GET /v1.41/containers/json?all=1", "GET /v1.41/networks?", "GET /v1.41/exec/")
"""What the gate itself asks before it decides; a case without `engine` does not even lead to these."""


def pieces(data: bytes, how: str) -> Iterator[bytes]:
    """The data, cut in one of three ways; random cuts are the same in every run."""
    least = max(1, len(data) // BYTE_BY_BYTE)
    chance = random.Random(data)
    while data:
        size = {"whole": len(data), "bytes": least, "random": chance.randint(1, 40) * least}[how]
        yield data[:size]
        data = data[size:]


async def exchanged(lab: HandMadeLab, data: bytes, how: str) -> bytes:
    """Send the pieces, half-close, and read to the end."""
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    answer = b""
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionError):
            for piece in pieces(data, how):
                writer.write(piece)
                await writer.drain()
                if how != "whole":
                    await asyncio.sleep(0)
            writer.write_eof()
        with contextlib.suppress(ConnectionError):
            answer = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


@pytest.fixture
def world(fake: FakeEngine, lab: HandMadeLab) -> dict[str, str]:
    return known_to(fake, lab)


def known_to(fake: FakeEngine, lab: HandMadeLab) -> dict[str, str]:
    """The engine knows the lab's container `web` and its exec."""
    fake.replies[b"GET /v1.41/containers/json"] = whole([container(WEB, "web", lab=lab.owner.lab)])
    found = whole({"ContainerID": WEB, "ProcessConfig": {"tty": False}})
    fake.replies[b"GET /v1.41/exec/" + OWN_EXEC.encode()] = found
    fake.replies[b"GET /v1.41/exec/"] = whole({"message": "No such exec instance"}, b"404 Not Found")
    fake.replies[b"POST /v1.41/exec/"] = whole(None)
    return WORLD | {"LA": lab.owner.lab, "NA": lab.owner.network}


def whole(value: object, code: bytes = b"200 OK") -> bytes:
    body = json.dumps(value).encode() if value is not None else b""
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (code, len(body), body)


@pytest.mark.parametrize("how", ["whole", "bytes", "random"])
@pytest.mark.parametrize("case", FRAMED, ids=lambda case: case.name)
async def test_framing_has_one_reading(
    lab: HandMadeLab, fake: FakeEngine, world: dict[str, str], case: Case, how: str
) -> None:
    """Case A30: exact statuses in order, and the engine sees exactly the requests that the case says, or none."""
    await hold(lab, fake, world, case, how)


async def hold(lab: HandMadeLab, fake: FakeEngine, world: dict[str, str], case: Case, how: str) -> None:
    """Fails where the case does not hold."""
    wanted = [line.replace("$EA", OWN_EXEC).replace("$NOPE", world["NOPE"]) for line in case.raw.get("engine", ())]
    for data in case.wire(world):
        fake.seen.clear()
        assert statuses(await exchanged(lab, data, how)) == _statuses(case)
        sent = [line for line in fake.lines if not line.startswith(FACTS)] if "engine" in case.raw else fake.lines
        assert [line[: len(begin)] for line, begin in zip(sent, wanted, strict=True)] == wanted
        assert all(b"\r\nHost: docker\r\nUser-Agent: dosirak\r\n" in request for request in fake.seen)
        assert not any(word in request for request in fake.seen for word in (b"c2VjcmV0", b"HTTP2", b"X-"))
    await settled(lab)


def _statuses(case: Case) -> list[int]:
    return [*case.raw["statuses"], *([case.raw["then"]] if "then" in case.raw else [])]


@pytest.mark.parametrize("how", ["whole", "bytes", "random"])
@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
async def test_a_refusal_on_the_wire_asks_for_facts_at_most(
    lab: HandMadeLab, fake: FakeEngine, world: dict[str, str], case: Case, how: str
) -> None:
    """What the guard refuses is refused on the wire too, however its bytes arrive."""
    assert case.refused is not None
    for step in case.steps(world):
        fake.seen.clear()
        expected = case.raw.get("wire", case.refused[0])
        assert status(await exchanged(lab, step.raw, how)) == expected, step.target
        assert all(line.startswith(FACTS) for line in fake.lines)
    await settled(lab)
