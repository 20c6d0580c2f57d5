"""Execs with a user, by a recording engine: it reads files of the container for each, so they take turns."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.sandbox.gate import users
from bot.sandbox.turns import LOOKUPS, Turns
from tests.gate.support import A, FakeEngine, HandMadeLab, opened, raw, settled, status, until
from tests.guard.lab import WEB, container

EXEC = "5" * 64
ABOUT = f"GET /v1.41/exec/{EXEC}/json".encode()
STARTS = b"POST /v1.41/exec/"
SWITCHED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


def start(detach: bool = False) -> bytes:
    body = json.dumps({"Detach": detach, "Tty": False}).encode()
    upgrade = b"" if detach else b"Connection: Upgrade\r\nUpgrade: tcp\r\n"
    head = f"POST /v1.41/exec/{EXEC}/start HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n".encode()
    return head + upgrade + b"Content-Length: %d\r\n\r\n" % len(body) + body


def create(user: str) -> bytes:
    body = json.dumps({"Cmd": ["true"], "User": user}).encode()
    head = b"POST /v1.41/containers/web/exec HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def whole(value: object) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def known(fake: FakeEngine, *, user: str = "0", pid: int = 0, code: int | None = None) -> None:
    """What the engine says about the exec from now on."""
    config = {"tty": False} | ({"user": user} if user else {})
    fake.replies[ABOUT] = whole({"ContainerID": WEB, "ProcessConfig": config, "Pid": pid, "ExitCode": code})


def starts(fake: FakeEngine) -> int:
    return sum(line.startswith("POST") for line in fake.lines)


@pytest.fixture
def turns() -> Turns:
    return Turns(1)


@pytest.fixture
async def lab(fake: FakeEngine, tmp_path: Path, turns: Turns) -> AsyncIterator[HandMadeLab]:
    """A lab on the fake engine, which has one container and one exec in it, and switches at once."""
    fake.replies[b"GET /v1.41/containers/json"] = whole([container(WEB, "web", lab=A)])
    fake.replies[STARTS] = SWITCHED
    known(fake)
    async with opened(fake.path, A, "a" * 64, frozenset(), tmp_path, turns) as made:
        yield made


@pytest.mark.parametrize("over", [{"pid": 7}, {"code": 126}], ids=["begun", "failed"])
async def test_one_begins_when_the_one_before_has_begun(
    lab: HandMadeLab, fake: FakeEngine, over: dict[str, int]
) -> None:
    """Case L206: the engine has switched by then, and still reads."""
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(raw(lab.socket, start())) for _ in range(3)]
        await until(lambda: starts(fake) == 1)
        await asyncio.sleep(0.3)
        assert starts(fake) == 1 and not any(task.done() for task in waiting)
        known(fake, **over)
        await until(lambda: starts(fake) == 3)
    assert [status(task.result()) for task in waiting] == [101] * 3
    await settled(lab)


async def test_one_without_a_user_waits_for_none(lab: HandMadeLab, fake: FakeEngine) -> None:
    """The engine reads nothing for it."""
    known(fake, user="")
    answers = await asyncio.gather(*(raw(lab.socket, start()) for _ in range(3)))
    assert [status(answer) for answer in answers] == [101] * 3


@pytest.mark.parametrize("detach", [False, True])
async def test_all_labs_have_so_many_turns(lab: HandMadeLab, fake: FakeEngine, turns: Turns, detach: bool) -> None:
    """Attached or not; who had one gives it back."""
    known(fake, pid=7)
    if detach:
        fake.replies[STARTS] = whole(None)
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        for _ in range(LOOKUPS):
            assert await stack.enter_async_context(turns.lookup(0))
        waiting = group.create_task(raw(lab.socket, start(detach)))
        await until(lambda: any(line.startswith("GET /v1.41/exec") for line in fake.lines))
        await asyncio.sleep(0.1)
        assert starts(fake) == 0
        await stack.aclose()
        assert status(await waiting) == (200 if detach else 101)
    for _ in range(LOOKUPS):
        assert status(await raw(lab.socket, start(detach))) == (200 if detach else 101)


@pytest.mark.parametrize("detach", [False, True])
async def test_a_lab_whose_files_take_long_is_told(
    lab: HandMadeLab, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch, detach: bool
) -> None:
    """It waits ten times as long as it kept the engine busy, and who would wait too long is sent away, before anything
    is made; without a user it all goes on."""
    monkeypatch.setattr(users, "HONEST_SECONDS", 0.0)
    monkeypatch.setattr(users, "REST", 10**6)
    known(fake, pid=7)
    assert status(await raw(lab.socket, start())) == 101
    began = time.monotonic()
    answer = await raw(lab.socket, start(detach))
    assert status(answer) == (429 if detach else 101) and b"/etc/passwd" in answer and time.monotonic() - began < 5
    assert b"leave out --user" in await raw(lab.socket, create("0"))
    assert lab.observer.codes == ["users-full"] * 2 and starts(fake) == 1
    fake.replies[b"POST /v1.41/containers/"] = whole({"Id": EXEC})
    assert status(await raw(lab.socket, create(""))) == 200
    fake.replies[b"POST /v1.41/exec/"] = SWITCHED
    known(fake, user="")
    assert status(await raw(lab.socket, start())) == 101


async def test_one_that_never_begins_gives_its_turn_back(
    lab: HandMadeLab, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while its client gets what the engine says, and the next one begins."""
    monkeypatch.setattr(users, "LONGEST_SECONDS", 0.2)
    for _ in range(2):
        assert status(await raw(lab.socket, start())) == 101
    assert starts(fake) == 2
