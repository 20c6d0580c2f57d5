"""The guard-removal matrix: with any rule taken out, some promise is broken. Else the rule or the case is missing."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest

from tests.guard.matrix import Matrix, gate_matrix, guard_matrix
from tests.guard.promises import broken
from tests.guard.removal import EQUIVALENT


@pytest.fixture(scope="module", params=[guard_matrix, gate_matrix], ids=["guard", "gate"])
def matrix(request: pytest.FixtureRequest) -> Matrix:
    made: Matrix = request.param()
    return made


@pytest.fixture
def quiet() -> Iterator[None]:
    """What breaks on purpose leaves errors in the log, and connections that nobody closed."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_rule_would_be_missed(matrix: Matrix, quiet: None) -> None:
    """Each refusal, condition, field, forced setting, row, pattern and part of an answer, one after the other."""
    idle = {rule.name for rule in matrix.rules if not matrix.killers(rule, most=1)}
    gc.collect()
    assert idle == set(EQUIVALENT) & {rule.name for rule in matrix.rules}


def test_all_is_whole_again_afterwards(matrix: Matrix) -> None:
    """What was taken out is put back: every promise is kept."""
    assert not [promise[0] for promise in matrix.promises if broken(promise)]
