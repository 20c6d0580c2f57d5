"""A refusal that the CLI would show as a status alone is said when it next asks about the same container or exec."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from bot.errors import EngineUnavailable
from bot.guard.call import Call
from bot.guard.verdict import Verdict
from bot.sandbox.gate import client, connection, owed, server
from bot.sandbox.gate.paces import Paces
from bot.sandbox.gate.slots import Slots
from tests.gate.support import CLIS, FakeEngine, HandMadeLab, raw, settled, status
from tests.gate.test_gate_streams import ATTACH, CREATE, EXEC, PIPELINED, UPGRADE, WEB, exec_start, posts, whole

BASE = "diamol/base"
STREAM = client.raw_head(upgraded=True)
FULL = connection.STREAMS_FULL.message
BY_CLI = b"User-Agent: Docker-Client/28.2.2 (linux)\r\n"
ASK_PROCESS = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
client.sendall(sys.argv[2].encode())
print(client.recv(65536).decode().splitlines()[0])
"""
Situation = Callable[[HandMadeLab, pytest.MonkeyPatch], None]


@pytest.fixture
def one_container(fake: FakeEngine, lab: HandMadeLab) -> None:
    """The engine knows one container of the lab, `web`, and says nothing of importance about it."""
    names = {"Names": [f"/lab-{lab.owner.lab}.web"], "Labels": lab.owner.labels(), "State": "running", "Mounts": []}
    fake.replies[b"GET /v1.41/containers/json"] = whole([{"Id": WEB} | names])
    fake.replies[b"GET /v1.41/containers/" + WEB.encode()] = whole({"message": "asked"}, "418 I'm a teapot")
    for path in (b"start", b"wait"):
        fake.replies[b"POST /v1.41/containers/" + WEB.encode() + b"/" + path] = fake.replies[
            b"GET /v1.41/containers/" + WEB.encode()
        ]


def no_streams(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.gate._lab, "streams", Slots(0))


async def asks(lab: HandMadeLab, method: str, path: str) -> tuple[int, str]:
    """The status of a call, and its answer's body."""
    answer = await raw(lab.socket, f"{method} /v1.41{path} HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n".encode())
    return status(answer), answer.partition(b"\r\n\r\n")[2].decode()


async def test_the_same_process_is_told_about_the_same_container(
    lab: HandMadeLab, fake: FakeEngine, one_container: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream is empty, and what follows in it is never read (case B49)."""
    no_streams(lab, monkeypatch)
    answer = await raw(lab.socket, ATTACH + BY_CLI + UPGRADE + PIPELINED + CREATE)
    assert answer == STREAM and posts(fake) == [] and lab.observer.codes == ["streams-full"]
    told = (429, json.dumps({"message": FULL}, separators=(",", ":")) + "\n")
    assert await asks(lab, "GET", "/containers/web/json") == told
    assert await asks(lab, "POST", "/containers/web/start") == told and posts(fake) == []
    code, ended = await asks(lab, "POST", "/containers/web/wait?condition=removed")
    assert code == 200 and json.loads(ended) == {"StatusCode": 125, "Error": None}
    for method, path in (
        ("GET", f"/containers/{WEB}/json"),
        ("DELETE", "/containers/web"),
        ("GET", "/containers/json"),
    ):
        assert FULL not in (await asks(lab, method, path))[1]
    await settled(lab)


async def test_no_other_process_is_told(lab: HandMadeLab, one_container: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two CLIs may be at one container."""
    no_streams(lab, monkeypatch)
    await raw(lab.socket, ATTACH + BY_CLI + UPGRADE)
    request = "GET /containers/web/json HTTP/1.1\r\nHost: d\r\n\r\n"
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASK_PROCESS, str(lab.socket), request, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await other.communicate()
    assert out.startswith(b"HTTP/1.1 418")


async def test_what_is_owed_is_forgotten(
    lab: HandMadeLab, one_container: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that asks later is another one with the same number."""
    no_streams(lab, monkeypatch)
    monkeypatch.setattr(owed, "SECONDS", 0.0)
    assert await raw(lab.socket, ATTACH + BY_CLI + UPGRADE) == STREAM
    assert (await asks(lab, "GET", "/containers/web/json"))[0] == 418


@pytest.mark.parametrize("headers", [BY_CLI + b"\r\n", UPGRADE], ids=["no upgrade", "no CLI"])
async def test_who_shows_an_answer_gets_it(
    lab: HandMadeLab, one_container: None, monkeypatch: pytest.MonkeyPatch, headers: bytes
) -> None:
    no_streams(lab, monkeypatch)
    answer = await raw(lab.socket, ATTACH + headers)
    assert status(answer) == 429 and FULL.encode() in answer
    assert (await asks(lab, "GET", "/containers/web/json"))[0] == 418


async def test_a_body_that_cannot_be_read_is_told_of(lab: HandMadeLab, one_container: None) -> None:
    """Nothing was judged by then."""
    large = b"Content-Length: 99999999\r\n"
    head = exec_start(b"").replace(b"Content-Length: 0\r\n", large + BY_CLI)
    assert await raw(lab.socket, head) == STREAM
    code, text = await asks(lab, "GET", f"/exec/{EXEC}/json")
    assert code == 413 and "larger than this lab takes" in text


async def test_who_is_one_too_many_is_told_when_it_asks(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CLI may dial before it has anything to ask; an answer to nothing, or a body for HEAD, confuses it."""
    monkeypatch.setattr(lab.gate, "_connections", Slots(0))
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            assert not await reader.read(1)
    writer.write(b"HEAD /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert status(answer) == 429 and b"Connection: close" in answer and answer.endswith(b"\r\n\r\n")
    ping = b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
    answer = await raw(lab.socket, ping + ping)
    assert answer.count(b"HTTP/1.1 ") == 1 and server.FULL.message.encode() in answer
    assert lab.observer.codes == ["connections-full"] * 2


async def test_who_is_one_too_many_and_asks_nothing_is_not_kept(
    lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.gate, "_connections", Slots(0))
    monkeypatch.setattr(client, "LINGER_SECONDS", 0.1)
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


@contextlib.contextmanager
def few_streams(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with monkeypatch.context() as patched:
        no_streams(lab, patched)
        yield FULL


@contextlib.contextmanager
def often(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The start of an exec comes too early."""
    carried = Paces.carried

    async def not_started(self: Paces, route: connection.Route, body: bytes) -> bool:
        return route.path != "/exec/{id}/start" and await carried(self, route, body)

    with monkeypatch.context() as patched:
        patched.setattr(Paces, "carried", not_started)
        yield connection.TOO_OFTEN.message


@contextlib.contextmanager
def away(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The engine has gone when it is asked what a stream's call is about, and comes back at once."""
    decided = lab.gate._lab.decided

    async def not_streams(call: Call) -> Verdict:
        if call.path.endswith("/attach") or (call.path.startswith("/exec/") and call.path.endswith("/start")):
            raise EngineUnavailable("nothing answers at the engine's socket")
        return await decided(call)

    with monkeypatch.context() as patched:
        patched.setattr(lab.gate._lab, "decided", not_streams)
        yield connection.AWAY


def crowded(most: int) -> Callable[[HandMadeLab, pytest.MonkeyPatch], AbstractContextManager[str]]:
    @contextlib.contextmanager
    def few_connections(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        with monkeypatch.context() as patched:
            patched.setattr(lab.gate, "_connections", Slots(most))
            yield server.FULL.message

    return few_connections


ATTACHES = (("attach", "--no-stdin", "web"), ("attach", "--no-stdin", "terminal"), ("start", "--attach", "made"))
RUNS = tuple(("run", *options, BASE, "true") for options in ((), ("-t",), ("-i",), ("--rm",), ("--rm", "-i")))
EXECS = (("exec", "web", "true"), ("exec", "-t", "web", "true"), ("exec", "-i", "web", "true"))
SITUATIONS = {
    "few streams": (few_streams, (*ATTACHES, *RUNS)),
    "too often": (often, EXECS),
    "engine away": (away, (*ATTACHES, *RUNS, *EXECS)),
    "one connection": (crowded(1), (RUNS[0], RUNS[3], *EXECS)),
    "two connections": (crowded(2), (*ATTACHES[:2], RUNS[0], RUNS[3])),
}


@pytest.mark.engine
@pytest.mark.parametrize("cli", CLIS)
@pytest.mark.parametrize("name", SITUATIONS)
async def test_the_cli_prints_the_sentence_once_and_fails(
    lab_a: HandMadeLab, monkeypatch: pytest.MonkeyPatch, cli: str, name: str
) -> None:
    """Nothing has run, nothing of --rm is left, and all of it works when there is room again."""
    situation, commands = SITUATIONS[name]
    lab_a.has(BASE)
    await lab_a.ok("run", "-d", "--name", "web", BASE, "sleep", "600")
    await lab_a.ok("run", "-dt", "--name", "terminal", BASE, "sleep", "600")
    await lab_a.ok("create", "--name", "made", BASE, "echo", "ran")
    for words in commands:
        with situation(lab_a, monkeypatch) as sentence:
            ran = await lab_a.docker(*words, cli=cli, timeout=20)
        assert ran.code == (125 if words[0] == "run" else 1), (words, ran)
        assert ran.err.count(f"Error response from daemon: {sentence}") == 1 and not ran.out, (words, ran)
    runs = [words for words in commands if words[0] == "run" and "--rm" not in words]
    listed = await lab_a.ok("ps", "-a", "--format", "{{.State}}")
    assert sorted(listed.splitlines()) == [*["created"] * (1 + len(runs)), "running", "running"]
    assert await lab_a.ok("start", "-a", "made", cli=cli) == "ran"
    assert await lab_a.ok("exec", "web", "echo", "ran", cli=cli) == "ran"
