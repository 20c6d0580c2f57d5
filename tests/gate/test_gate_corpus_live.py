"""The corpus on a real engine: A attacks with raw requests and the official CLI while B works, and B never notices."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from bot.guard.refusals import SENTENCES
from tests.gate.support import A, status, until
from tests.gate.world import World, exchanged
from tests.guard.cases import Case, filled, read_corpus
from tests.guard.judged import WORLD

pytestmark = pytest.mark.engine

REQUESTS = [case for case in read_corpus() if case.live and list(case.steps(WORLD))]
COMMANDS = [case for case in read_corpus() if case.raw.get("cli")]


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case.name)
async def test_an_attack_ends_as_it_says_and_the_world_is_as_before(world: World, case: Case) -> None:
    """The status that the guard gave, the engine's own yes to what it lets pass, and the world check."""
    sent, faults = b"", []
    for step in case.steps(world.names):
        answer, ended = await exchanged(world.a, step)
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
