"""All labs start containers in one line, so that a crowd does not slow down the engine for everybody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.sandbox import turns as turns_module
from bot.sandbox.turns import Turns
from deploy.host.temporary import EngineHost
from tests.gate.conftest import IMAGES
from tests.gate.support import A, B, opened

pytestmark = pytest.mark.engine


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """One turn for all labs, kept for as long as it is held: on a busy machine a container is not made before it would
    be given back."""
    monkeypatch.setattr(turns_module, "TURN_SECONDS", 600.0)
    return Turns(1)


async def test_a_start_waits_for_its_turn(
    engine_host: EngineHost, lab_networks: dict[str, str], tmp_path: Path, patient: Turns
) -> None:
    """While others hold every turn a container is made and not started, and the lab's other calls are answered."""
    async with opened(engine_host.socket, A, lab_networks[A], IMAGES, tmp_path, turns=patient) as lab:
        lab.has("diamol/base")
        async with asyncio.TaskGroup() as group, patient.start():
            run = group.create_task(lab.docker("run", "--detach", "--name", "patient", "diamol/base", "sleep", "60"))
            listing = ("ps", "--all", "--format", "{{.Names}} {{.Status}}")
            while await lab.ok(*listing) != "patient Created":
                assert not run.done()
                await asyncio.sleep(0.05)
            assert not run.done() and lab.observer.started == []
        assert (await run).code == 0
        assert len(lab.observer.started) == 1
        await lab.emptied()


async def test_a_restart_that_waits_for_an_end_keeps_no_turn(
    engine_host: EngineHost, lab_networks: dict[str, str], tmp_path: Path, patient: Turns
) -> None:
    """A's container ignores the signal for ten seconds; B starts its own meanwhile, with one turn for all."""
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    stubborn = ("sh", "-c", "trap '' TERM; while :; do sleep 1; done")
    async with (
        opened(engine_host.socket, A, lab_networks[A], IMAGES, folders[0], turns=patient) as a,
        opened(engine_host.socket, B, lab_networks[B], IMAGES, folders[1], turns=patient) as b,
        asyncio.TaskGroup() as group,
    ):
        for lab in (a, b):
            lab.has("diamol/base")
        await a.ok("run", "--detach", "--name", "stubborn", "diamol/base", *stubborn)
        restart = group.create_task(a.docker("restart", "--time", "10", "stubborn"))
        await asyncio.sleep(0.5)
        await b.ok("run", "--detach", "diamol/base", "sleep", "60")
        assert not restart.done(), "it was no longer than a start"
        assert (await restart).code == 0
        for lab in (a, b):
            await lab.emptied()


async def test_a_start_that_hangs_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some seconds, and only once."""
    monkeypatch.setattr(turns_module, "TURN_SECONDS", 0.1)
    turns = Turns(1)
    async with asyncio.timeout(2), turns.start(), turns.start():
        pass
    async with turns.start():
        second = turns.start()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), second:
                pass
