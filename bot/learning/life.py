"""A lab's life as one table: what happens to it in each state, and which state comes of it.

Everything that changes a lab's state goes through `after`; a pair that is not in the table is a mistake of ours. The
picture in deploy/LIFE.md is drawn from the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a lab is in its life. An absent lab has no record and no object on the engine."""

    ABSENT = "absent"
    OPENING = "opening"
    OPEN = "open"
    PARKED = "parked"
    CLOSING = "closing"


class Happening(StrEnum):
    """What moves it on."""

    USED = "used"
    """A command, a check, a card."""
    OPENED = "opened"
    """Its toolbox runs, its gate answers."""
    FAILED = "failed"
    """It could not be opened."""
    IDLE = "idle"
    """Nobody has used it for DOSIRAK_LAB_IDLE seconds, and no page of it is open."""
    PRESSED = "pressed"
    """Others wait for room, and nobody uses it at this moment."""
    STOPPED = "stopped"
    """The bot stops cleanly."""
    ENDED = "ended"
    """Its time is up, or somebody has closed or reset it."""
    GONE = "gone"
    """Nothing of it is left on the engine."""


_S, _H = State, Happening

TABLE: Mapping[tuple[State, Happening], State] = MappingProxyType(
    {
        (_S.ABSENT, _H.USED): _S.OPENING,
        (_S.OPENING, _H.OPENED): _S.OPEN,
        (_S.OPENING, _H.FAILED): _S.ABSENT,
        (_S.OPENING, _H.IDLE): _S.PARKED,
        (_S.OPENING, _H.PRESSED): _S.PARKED,
        (_S.OPENING, _H.ENDED): _S.CLOSING,
        (_S.OPEN, _H.OPENED): _S.OPEN,
        (_S.OPEN, _H.FAILED): _S.OPEN,
        (_S.OPEN, _H.IDLE): _S.PARKED,
        (_S.OPEN, _H.PRESSED): _S.PARKED,
        (_S.OPEN, _H.STOPPED): _S.PARKED,
        (_S.OPEN, _H.ENDED): _S.CLOSING,
        (_S.PARKED, _H.OPENED): _S.OPEN,
        (_S.PARKED, _H.FAILED): _S.PARKED,
        (_S.PARKED, _H.PRESSED): _S.CLOSING,
        (_S.PARKED, _H.ENDED): _S.CLOSING,
        (_S.CLOSING, _H.ENDED): _S.CLOSING,
        (_S.CLOSING, _H.GONE): _S.ABSENT,
    }
)


def after(state: State, happening: Happening) -> State:
    """The next state. Raises ValueError for what cannot happen there."""
    following = TABLE.get((state, happening))
    if following is None:
        raise ValueError(f"a lab that is {state} cannot be {happening}")
    return following


def drawing() -> str:
    """The table as a Mermaid state diagram; what leaves a state as it is is left out."""
    arrows: dict[tuple[State, State], list[Happening]] = {}
    for (state, happening), following in TABLE.items():
        if state is not following:
            arrows.setdefault((state, following), []).append(happening)
    lines = [f"    {state} --> {following}: {', '.join(causes)}" for (state, following), causes in arrows.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {State.ABSENT}", *lines])
