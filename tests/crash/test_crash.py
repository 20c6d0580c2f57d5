"""Everything is killed once in the middle of a played chapter; `python -m tests.crash` does it a hundred times."""

from __future__ import annotations

import secrets

import pytest

from tests.crash.played import Player, one_of_each
from tests.crash.world import World

pytestmark = pytest.mark.engine


async def test_nothing_is_lost_and_nothing_left_over(fragile: World) -> None:
    """Case J195: bot, engine, registry, the power of all: whenever it comes, the learner goes on where they were."""
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    findings = await Player(fragile).round(one_of_each(seed))
    assert [finding.row for finding in findings if finding.faults] == []
    await fragile.stop()
    assert fragile.tracebacks == []
