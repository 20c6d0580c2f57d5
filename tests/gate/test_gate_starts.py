"""All labs start containers in one line, so that a crowd does not slow down the engine for everybody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.sandbox.turns import Turns
from deploy.host.temporary import EngineHost
from tests.gate.conftest import IMAGES
from tests.gate.support import A, opened

pytestmark = pytest.mark.engine


async def test_a_start_waits_for_its_turn(
    engine_host: EngineHost, lab_networks: dict[str, str], tmp_path: Path
) -> None:
    """While others hold every turn a container is made and not started, and the lab's other calls are answered."""
    turns = Turns(1)
    async with opened(engine_host.socket, A, lab_networks[A], IMAGES, tmp_path, turns=turns) as lab:
        lab.has("diamol/base")
        async with asyncio.TaskGroup() as group, turns.start():
            run = group.create_task(lab.docker("run", "--detach", "--name", "patient", "diamol/base", "sleep", "60"))
            listing = ("ps", "--all", "--format", "{{.Names}} {{.Status}}")
            while await lab.ok(*listing) != "patient Created":  # noqa: ASYNC110 - the lab is asked, it tells nobody
                await asyncio.sleep(0.05)
            assert not run.done() and lab.observer.started == []
        assert (await run).code == 0
        assert len(lab.observer.started) == 1
        await lab.emptied()
