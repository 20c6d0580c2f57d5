"""A lab's life: the table is whole, and what is drawn is what is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.learning.life import TABLE, Happening, State, after, drawing

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "deploy" / "LIFE.md"


def test_every_state_is_reached_and_left() -> None:
    """No state is a trap, none is only there on paper."""
    assert {state for state, _ in TABLE} == set(State)
    assert {following for (state, _), following in TABLE.items() if state is not following} == set(State)


def test_every_happening_moves_something() -> None:
    """A name that moves nothing would be noise."""
    assert {happening for (state, happening), following in TABLE.items() if following is not state} == set(Happening)


def test_from_everywhere_a_lab_can_end() -> None:
    """Whatever holds something on the engine can be closed, and a closing that broke off is begun again."""
    for state in State:
        if state is not State.ABSENT:
            assert after(state, Happening.ENDED) is State.CLOSING


def test_what_cannot_happen_is_a_mistake_of_ours() -> None:
    """A parked lab is not parked again."""
    with pytest.raises(ValueError, match="parked cannot be idle"):
        after(State.PARKED, Happening.IDLE)


def test_the_document_shows_the_table() -> None:
    """It is drawn from the table, not beside it."""
    assert f"```mermaid\n{drawing()}\n```" in DOCUMENT.read_text("utf-8")
