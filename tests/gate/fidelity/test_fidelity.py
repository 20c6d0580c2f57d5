"""The same command lines on an engine of its own and in a lab: what comes back is the same, but for a short list."""

from __future__ import annotations

import pytest

from tests.gate.fidelity.conftest import Comparison
from tests.gate.fidelity.differences import explained, read_differences
from tests.gate.fidelity.page import PAGE, page
from tests.gate.fidelity.transcript import script_lines
from tests.gate.support import CLIS

pytestmark = pytest.mark.engine

DIFFERENCES = read_differences()


@pytest.mark.parametrize("cli", CLIS)
def test_a_lab_answers_as_docker_does(comparisons: dict[str, Comparison], cli: str) -> None:
    """Exit code, output and errors of every line, with each CLI of this machine (the ones in this test's name)."""
    surprises = [
        str(one)
        for line, ran, differing in comparisons[cli]
        for one in differing
        if explained(line, one.place, ran.out + ran.err, DIFFERENCES) is None
    ]
    assert not surprises, "\n".join(surprises)


def test_every_intended_difference_is_one(comparisons: dict[str, Comparison]) -> None:
    """A difference that is gone, or a line that is not in the script, has no place in the list."""
    used = {
        explained(line, one.place, ran.out + ran.err, DIFFERENCES)
        for comparison in comparisons.values()
        for line, ran, differing in comparison
        for one in differing
    }
    listed = {entry for difference in DIFFERENCES for entry in (*difference.lines, *difference.keys)}
    assert sorted(listed - used) == []


def test_the_page_says_what_the_list_says() -> None:
    """deploy/FIDELITY.md is made anew when the list or the script changes."""
    assert PAGE.read_text() == page(DIFFERENCES, len(script_lines()))
