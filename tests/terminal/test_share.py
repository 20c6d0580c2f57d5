"""What a flooding terminal may take of the processor."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.terminal.share import SAVED, TOGETHER, Share

WORK = st.lists(st.floats(0.0001, 0.02), min_size=50, max_size=100)
LATEST = 1e-6


def time_of(work: list[float], floods: int) -> float:
    """How long a terminal needs that draws all the time, resting as it is told."""
    share, now = Share(), 0.0
    for seconds in work:
        now += seconds
        now += share.spend(seconds, now, floods=floods)
    return now


@settings(deadline=None)  # the machine is shared
@given(WORK, st.integers(1, 50))
def test_floods_together_take_no_more_than_their_part(work: list[float], floods: int) -> None:
    """Whatever each piece costs: time worked is what was saved and the share of the time that has passed."""
    assert sum(work) <= SAVED + time_of(work, floods) * TOGETHER / floods + LATEST


@settings(deadline=None)  # the machine is shared
@given(WORK)
def test_a_flood_alone_has_the_whole_part(work: list[float]) -> None:
    """It is held back, not starved."""
    assert time_of(work, 1) <= sum(work) / TOGETHER + LATEST


def test_an_ordinary_command_never_rests() -> None:
    """What it draws is saved up again before the next one."""
    share = Share()
    for second in range(100):
        assert share.spend(SAVED * TOGETHER, float(second), floods=1) == 0


@pytest.mark.parametrize("floods", [1, 20])
def test_a_flood_rests_longer_among_others(floods: int) -> None:
    """Each of many gets its part of the part."""
    share = Share()
    share.spend(SAVED, 0, floods=floods)
    assert share.spend(0.004, 0, floods=floods) == pytest.approx(0.004 * floods / TOGETHER)
