"""A refused start of an exec is said where the CLI shows it: in the stream, with the engine's own exit code."""

from __future__ import annotations

import json

import pytest

from bot.sandbox.gate import connection, users
from bot.sandbox.gate.slots import Slots
from tests.gate.support import CLIS, FakeEngine, HandMadeLab, raw, settled, status
from tests.gate.test_gate_streams import ATTACH, CREATE, EXEC, PIPELINED, UPGRADE, WEB, exec_start, posts, whole

BASE = "diamol/base"
STREAM = b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"


@pytest.fixture
def one_container(fake: FakeEngine, lab: HandMadeLab) -> None:
    """The engine knows one container of the lab, `web`, and an exec in it that has not begun."""
    item = {
        "Id": WEB,
        "Names": [f"/lab-{lab.owner.lab}.web"],
        "Labels": lab.owner.labels(),
        "State": "running",
        "Mounts": [],
    }
    fake.replies[b"GET /v1.41/containers/json"] = whole([item])
    about(fake)


def about(fake: FakeEngine, *, terminal: bool = False, running: bool = False, code: int | None = None) -> None:
    """What the engine says about the exec from now on."""
    found = {"ContainerID": WEB, "ProcessConfig": {"tty": terminal}, "Running": running, "ExitCode": code}
    fake.replies[b"GET /v1.41/exec/"] = whole(found)


def no_streams(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.gate._lab, "streams", Slots(0))


async def exit_code(lab: HandMadeLab) -> int | None:
    answer = await raw(lab.socket, f"GET /v1.41/exec/{EXEC}/json HTTP/1.1\r\nHost: d\r\n\r\n".encode())
    code: int | None = json.loads(answer.partition(b"\r\n\r\n")[2])["ExitCode"]
    return code


@pytest.mark.parametrize("terminal", [False, True])
async def test_the_gates_own_sentence_is_in_the_stream(
    lab: HandMadeLab, fake: FakeEngine, one_container: None, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    """A frame of the errors without a terminal, plain with one; the exec's exit code is the engine's for such a one,
    until it does begin. What follows is never read (case B49)."""
    about(fake, terminal=terminal)
    no_streams(lab, monkeypatch)
    assert await exit_code(lab) is None
    start = exec_start(json.dumps({"Detach": False, "Tty": terminal}).encode())
    answer = await raw(lab.socket, start + PIPELINED + CREATE)
    line = connection.STREAMS_FULL.message.encode() + b"\r\n"
    frame = b"" if terminal else b"\x02" + len(line).to_bytes(7, "big")
    assert answer.startswith(STREAM) and answer.partition(b"\r\n\r\n")[2] == frame + line
    assert lab.observer.codes == ["streams-full"] and posts(fake) == []
    assert await exit_code(lab) == 126
    about(fake, running=True)
    assert await exit_code(lab) is None
    about(fake, code=3)
    assert await exit_code(lab) == 3
    await settled(lab)


async def test_an_engine_that_is_away_is_told_of_in_the_stream(
    lab: HandMadeLab, fake: FakeEngine, one_container: None
) -> None:
    """It went between the gate's last question and the start."""
    fake.replies[b"POST /v1.41/exec/"] = b""
    answer = await raw(lab.socket, exec_start(b'{"Detach":false,"Tty":false}'))
    assert answer.startswith(STREAM) and connection.AWAY.encode() in answer and answer.count(b"HTTP/1.1") == 1


async def test_who_asks_for_no_upgrade_gets_a_status(
    lab: HandMadeLab, fake: FakeEngine, one_container: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No CLI, so nobody reads a stream's words; the exec is one that was never started."""
    no_streams(lab, monkeypatch)
    answer = await raw(lab.socket, exec_start(b'{"Detach":false,"Tty":false}').replace(UPGRADE, b"\r\n"))
    assert status(answer) == 429 and connection.STREAMS_FULL.message.encode() in answer
    assert await exit_code(lab) is None


async def test_an_answer_instead_of_a_stream_does_not_say_that_it_closes(
    lab: HandMadeLab, fake: FakeEngine, one_container: None
) -> None:
    """The engine's does not either; a CLI of version 20.10 reads one that does as the program's output."""
    for path, request in ((b"exec/", exec_start(b'{"Detach":false,"Tty":false}')), (b"containers/", ATTACH + UPGRADE)):
        fake.replies[b"POST /v1.41/" + path] = whole({"message": "it is paused"}, "409 Conflict")
        answer = await raw(lab.socket, request)
        assert status(answer) == 409 and b"it is paused" in answer and b"connection: close" not in answer.lower()


@pytest.mark.engine
@pytest.mark.parametrize("cli", CLIS)
@pytest.mark.parametrize("options", [(), ("-t",), ("-i",)], ids=lambda options: "".join(options) or "plain")
async def test_the_cli_prints_the_sentence_and_fails(
    lab_a: HandMadeLab, monkeypatch: pytest.MonkeyPatch, cli: str, options: tuple[str, ...]
) -> None:
    """The exec has been made already when its start is refused."""
    lab_a.has(BASE)
    await lab_a.ok("run", "-d", "--name", "web", BASE, "sleep", "600")
    monkeypatch.setattr(users, "LONGEST_WAIT", float("inf"))
    monkeypatch.setattr(lab_a.gate._lab.carrier._lookups, "_rests_until", float("inf"))
    ran = await lab_a.docker("exec", *options, "--user", "0", "web", "echo", "ran", cli=cli)
    said = ran.out if "-t" in options else ran.err
    assert ran.code == 126 and said.strip() == users.FULL.message and "ran\n" not in ran.out, ran
    assert await lab_a.ok("exec", *options, "web", "echo", "ran", cli=cli) == "ran"


@pytest.mark.engine
@pytest.mark.parametrize("cli", CLIS)
async def test_run_rm_of_a_port_that_is_taken_ends_and_leaves_nothing(lab_a: HandMadeLab, cli: str) -> None:
    """The engine removes a container of --rm that it could not start, and the CLI waits for that; others are kept, and
    so is one that runs."""
    lab_a.has(BASE)
    publish = ("--publish", "8088:80")
    await lab_a.ok("create", "--rm", "--name", "later", *publish, "-v", "/anonymous", BASE, "sleep", "600")
    await lab_a.ok("run", "-d", "--rm", "--name", "first", *publish, BASE, "sleep", "600")
    for words in (("run", "--rm", *publish, BASE, "true"), ("start", "--attach", "later")):
        ran = await lab_a.docker(*words, cli=cli, timeout=20)
        assert ran.code and "port is already allocated" in ran.err, (words, ran)
    assert (await lab_a.docker("run", "--name", "kept", *publish, BASE, "true", cli=cli)).code == 125
    listed = await lab_a.ok("ps", "-a", "--format", "{{.Names}} {{.State}}")
    assert listed.splitlines() == ["kept created", "first running"]
    assert await lab_a.ok("volume", "ls", "-q") == ""
