"""The attack corpus, judged by the guard alone: exact status and code, or exactly what the engine gets."""

from __future__ import annotations

import pytest

from tests.guard.cases import Case, read_corpus
from tests.guard.judged import WORLD, wrong

CASES = [case for case in read_corpus() if list(case.steps(WORLD))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_gets_the_verdict_that_it_says(case: Case) -> None:
    """Every call of the case; facts are about the lab and about another one beside it."""
    faults = [
        f"{step.method} {step.target[:90]} {(step.body or b'')[:200]!r}: {fault}"
        for step in case.steps(WORLD)
        if (fault := wrong(case, step))
    ]
    assert not faults, f"{case.raw['title']}\n" + "\n".join(faults)
