"""The guard-removal matrix: with any rule taken out, some promise is broken. Else the rule or the case is missing."""

from __future__ import annotations

import pytest

from tests.guard.matrix import Matrix
from tests.guard.promises import broken
from tests.guard.removal import EQUIVALENT


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return Matrix()


def test_every_rule_would_be_missed(matrix: Matrix) -> None:
    """Each `raise`, condition, field, forced setting and row, one after the other."""
    idle = {rule.name for rule in matrix.rules if not matrix.killers(rule, most=1)}
    assert idle == set(EQUIVALENT)


def test_the_guard_is_whole_again_afterwards(matrix: Matrix) -> None:
    """What was taken out is put back: every promise is kept."""
    assert not [promise[0] for promise in matrix.promises if broken(promise)]
