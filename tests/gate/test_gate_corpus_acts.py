"""The cases that are acts rather than requests: races, silences, floods, archives; numbered as in the corpus."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest

from bot.sandbox.gate import body
from bot.tasks import TaskShelf
from tests.gate.support import FakeEngine, HandMadeLab, raw, settled, status, until
from tests.gate.world import CANARY, World
from tests.guard.cases import Step
from tests.guard.lab import WEB, container

UPGRADE = b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
ATTACH = b"POST /v1.41/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\n" + UPGRADE
BASE = "diamol/base"


def whole(value: object, code: bytes = b"200 OK") -> bytes:
    data = json.dumps(value).encode()
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (code, len(data), data)


@pytest.fixture
def web(fake: FakeEngine, lab: HandMadeLab) -> None:
    """The recording engine knows the lab's `web`."""
    fake.replies[b"GET /v1.41/containers/json"] = whole([container(WEB, "web", lab=lab.owner.lab)])


async def test_a_silence_after_expect_ends_in_408(
    lab: HandMadeLab, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case A37: the body is asked for, does not come, and the connection is free again."""
    monkeypatch.setattr(body, "READ_SECONDS", 0.2)
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    head = b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
    writer.write(head + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 Continue")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 408 ")
    writer.close()
    await settled(lab)
    assert fake.seen == []


async def test_a_container_that_goes_before_its_attach_is_the_engines_404(
    lab: HandMadeLab, fake: FakeEngine, web: None
) -> None:
    """Case B52: no stream begins, and what the client sent already goes nowhere."""
    missing = whole({"message": f"No such container: {WEB}"}, b"404 Not Found")
    fake.replies[b"POST /v1.41/containers/"] = missing
    answer = await raw(lab.socket, ATTACH + b"DELETE /v1.41/containers/web HTTP/1.1\r\nHost: d\r\n\r\n")
    assert status(answer) == 404 and answer.count(b"HTTP/1.1 ") == 1
    assert not any(line.startswith("DELETE") for line in fake.lines)
    assert not any(b"DELETE" in request for request in fake.seen)


async def answered(world: World, method: str, target: str, data: bytes | None = None, kind: str = "") -> bytes:
    answer = await raw(world.a.socket, Step(method, target, data, kind).raw)
    world.given += answer
    return answer


@pytest.mark.engine
async def test_creates_in_one_breath_stop_at_the_labs_bound(world: World) -> None:
    """Case A32: a hundred requests in one segment are answered in order, and the lab is full, not overfull."""
    body = json.dumps({"Image": BASE}).encode()
    one = Step("POST", "/v1.41/containers/create", body, "application/json").raw.replace(b"Connection: close\r\n", b"")
    answer = await raw(world.a.socket, one * 100, timeout=60)
    found = [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
    room = world.a.owner.limits.containers - 3
    assert found == [201] * room + [403] * (100 - room)
    assert await world.check(one) == []


@pytest.mark.engine
async def test_an_exec_starts_once(world: World) -> None:
    """Case B60: of two starts at the same time one is the engine's conflict, and so is a third later."""
    start = Step("POST", f"/v1.41/exec/{world.names['EA']}/start", b'{"Detach":true}', "application/json").raw
    answers = await asyncio.gather(*(raw(world.a.socket, start) for _ in range(2)))
    assert sorted(status(answer) for answer in answers) == [200, 409]
    assert status(await raw(world.a.socket, start)) == 409


@pytest.mark.engine
async def test_events_of_another_lab_are_never_heard(world: World) -> None:
    """Case F140: B creates, runs a secret, connects; A listens with filters and without, and hears its own alone."""
    filters = ["", '{"type":["network","image","daemon","volume"]}', f'{{"container":["{world.names["B1"]}"]}}']
    filters += ['{"event":["exec_create: sh -c echo SECRET"]}']
    readers = []
    for text in filters:
        query = f"?filters={text}" if text else ""
        reader, writer = await asyncio.open_unix_connection(world.a.socket)
        writer.write(Step("GET", f"/v1.41/events{query.replace(' ', '%20')}").raw)
        readers.append((reader, writer))
    await until(lambda: world.a.gate.streams == len(filters))
    await world.b.ok("exec", "shop", "sh", "-c", "echo SECRET")
    await world.b.ok("run", "--rm", "--label", f"note={CANARY}", "--network", "back", BASE, "true")
    await world.a.ok("run", "--rm", "--name", "mine", BASE, "true")
    everything = readers[0][0]
    async with asyncio.timeout(20):
        world.given += await everything.readuntil(b'"mine"')
    for reader, writer in readers:
        writer.write_eof()
        heard = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                while data := await reader.read(65536):
                    heard += data
        world.given += heard
        writer.transport.abort()
        assert (reader is everything or b'"mine"' not in heard) and b"SECRET" not in heard
    assert b"SECRET" not in world.given
    assert await world.check(b"") == []


@pytest.mark.engine
async def test_a_name_that_both_use_is_each_labs_own(world: World) -> None:
    """Cases F142, F144: A asks for and removes a name in a loop while B makes it; B's is never hit."""
    done = asyncio.Event()

    async def attack() -> None:
        while not done.is_set():
            for method in ("GET", "DELETE"):
                path = "/v1.41/containers/fresh" + ("/json" if method == "GET" else "?force=1")
                assert status(await answered(world, method, path)) == 404

    tasks = TaskShelf()
    attacker = tasks.start(attack(), name="A asks for a name")
    for _ in range(5):
        made = await world.b.ok("run", "-d", "--name", "fresh", BASE, "sleep", "60")
        assert await world.b.ok("inspect", "--format", "{{.Id}} {{.State.Running}}", "fresh") == f"{made} true"
        await world.b.ok("rm", "-f", "fresh")
    done.set()
    await attacker
    await tasks.close()
    assert await world.check(b"fresh") == []
