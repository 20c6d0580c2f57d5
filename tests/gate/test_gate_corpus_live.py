"""The corpus on a real engine: A attacks with raw requests and the official CLI while B works, and B never notices."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.guard.refusals import SENTENCES
from bot.tasks import TaskShelf
from deploy.host.temporary import EngineHost
from tests.gate.support import A, B, HandMadeLab, opened, status, until
from tests.gate.world import World, furnished
from tests.guard.cases import Case, Step, filled, read_corpus
from tests.guard.judged import WORLD

pytestmark = pytest.mark.engine

IMAGES = frozenset({"diamol/base:latest", "diamol/ch02-hello-diamol:latest", "diamol/ch02-hello-diamol-web:latest"})
PATIENCE = 10.0
REQUESTS = [case for case in read_corpus() if case.live and list(case.steps(WORLD))]
COMMANDS = [case for case in read_corpus() if case.raw.get("cli")]


@pytest.fixture(scope="module")
async def world(
    engine_host: EngineHost, lab_networks: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """One world for all cases: each leaves it as it was, which is what is shown."""
    folders = [tmp_path_factory.mktemp(name) for name in "ab"]
    tasks = TaskShelf()
    async with contextlib.AsyncExitStack() as stack:
        labs = [
            await stack.enter_async_context(opened(engine_host.socket, lab, lab_networks[lab], IMAGES, folder))
            for lab, folder in zip((A, B), folders, strict=True)
        ]
        found = await furnished(engine_host.socket, *labs)
        stack.push_async_callback(tasks.close)
        tasks.start(_work(found), name="B at work")
        yield found
        await tasks.close()
        found.engine.ask("DELETE", f"/v1.41/containers/{found.names['TOOLBOX']}?force=1&v=1")
        for lab in labs:
            await lab.emptied()


async def _work(world: World) -> None:
    """B's own day: it looks at its container and runs something in it, over and over."""
    while True:
        answer, _ = await _exchanged(world.b, Step("GET", "/v1.41/containers/shop/json"))
        ran = await world.b.docker("exec", "shop", "echo", "works")
        world.worked.append(status(answer) if ran.out == "works\n" else 0)
        await asyncio.sleep(0.5)


async def _exchanged(lab: HandMadeLab, step: Step) -> tuple[bytes, bool]:
    """The answer to a step, and whether it came to an end in time."""
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    answer, ended = b"", False
    try:
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(PATIENCE):
                writer.write(step.raw)
                await writer.drain()
                while data := await reader.read(65536):
                    answer += data
                ended = True
    finally:
        writer.transport.abort()
    return answer, ended


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case.name)
async def test_an_attack_ends_as_it_says_and_the_world_is_as_before(world: World, case: Case) -> None:
    """The status that the guard gave, the engine's own yes to what it lets pass, and the world check."""
    sent, faults = b"", []
    for step in case.steps(world.names):
        answer, ended = await _exchanged(world.a, step)
        world.given += answer
        sent += step.raw
        if not ended or not _as_said(case, status(answer)):
            faults.append(f"{step.method} {step.target[:100]} {(step.body or b'')[:150]!r}: {answer[:300]!r}")
    assert not faults + await world.check(sent), case.raw["title"]
    assert set(world.worked) <= {200}


def _as_said(case: Case, found: int) -> bool:
    if case.refused is not None:
        return found == case.raw.get("wire", case.refused[0])
    return 200 <= found < 300


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case.name)
async def test_the_same_attack_by_the_official_cli_is_told_why(world: World, case: Case, tmp_path: Path) -> None:
    """Each command fails, prints the feature's own sentence, and leaves the world as it was."""
    assert case.refused is not None
    sentence = SENTENCES.get(case.refused[1], "")
    sent, faults = b"", []
    for line in case.raw["cli"]:
        words = shlex.split(filled(line, world.names))
        ran = await world.a.docker(*words)
        world.given += (ran.out + ran.err).encode()
        sent += " ".join(words).encode()
        if ran.code == 0 or sentence not in ran.err:
            faults.append(f"docker {' '.join(words)}: {ran}")
    assert not faults + await world.check(sent), case.raw["title"]


async def test_the_world_check_can_fail(world: World) -> None:
    """A leaked canary, a stranger's container and a container without its shields are all noticed."""
    world.given += b"..." + world.names["B1"][:12].encode()
    assert "A was given " + world.names["B1"][:12] in await world.check(b"")
    image = f'"Image":"{world.names["IA"]}"'
    mark = f'"Labels":{{"dosirak.lab":"{A}","dosirak.role":"learner"}}'
    for body, fault in (
        (f"{{{image}}}", "what is not A's"),
        (f'{{{image},{mark},"CapAdd":["SYS_ADMIN"]}}', "SYS_ADMIN"),
    ):
        _, made = world.engine.ask("POST", "/v1.41/containers/create", body.encode())
        assert any(fault in told for told in await world.check(b""))
        world.engine.ask("DELETE", f"/v1.41/containers/{made['Id']}?force=1")
    assert await world.check(b"") == []


async def test_b_worked_all_the_while(world: World) -> None:
    """Its own answers came throughout: not one of them failed."""
    await until(lambda: len(world.worked) > 3, 20)
    assert set(world.worked) == {200}
