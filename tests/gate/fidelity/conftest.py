"""Fixtures: the script typed on both sides, with every official CLI, once for all tests here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.identity import LabId
from deploy.host.temporary import EngineHost
from tests.gate.conftest import IMAGES
from tests.gate.fidelity.direct import direct_engine, emptied
from tests.gate.fidelity.transcript import Unequal, script_lines, typed, unequal
from tests.gate.support import CLIS, Ran, lab_network, opened

LABS = tuple(LabId(f"f{number}f1de117a") for number in range(len(CLIS)))

Comparison = list[tuple[str, Ran, list[Unequal]]]
"""Each line with the lab's answer and where it differs from the engine's."""


@pytest.fixture(scope="session")
def direct(engine_host: EngineHost) -> Iterator[Path]:
    """The engine for the direct side; the session's own engine has made the sample images by now."""
    with direct_engine() as socket:
        yield socket


@pytest.fixture(scope="session")
async def comparisons(
    engine_host: EngineHost, direct: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Comparison]]:
    """What each CLI got on both sides, which run at the same time."""
    lines, found = script_lines(), {}
    for cli, lab_id in zip(CLIS, LABS, strict=True):
        folder = tmp_path_factory.mktemp("fidelity")
        with lab_network(engine_host.socket, lab_id) as network:
            async with opened(engine_host.socket, lab_id, network, IMAGES, folder) as lab:
                sides = await asyncio.gather(
                    typed(lines, direct, cli, folder / "direct"), typed(lines, lab.socket, cli, folder / "lab")
                )
        await asyncio.to_thread(emptied, direct)
        found[cli] = [
            (line, ours, unequal(line, theirs, ours)) for line, theirs, ours in zip(lines, *sides, strict=True)
        ]
    yield found
