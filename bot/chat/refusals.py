"""Why a lab cannot be used at this moment, as the key of the sentence for it."""

from __future__ import annotations

from bot.errors import DosirakError, EngineTimeout, EngineUnavailable, LabClosing, LabsFull, TooManyLabs

FULL = "lab.full"
"""There is no room: a place in the queue helps."""

_KEYS: tuple[tuple[type[DosirakError], str], ...] = (
    (TooManyLabs, "lab.too_many"),
    (LabsFull, FULL),
    (LabClosing, "lab.closing"),
    (EngineUnavailable, "lab.engine_away"),
    (EngineTimeout, "lab.engine_away"),
)


def refusal(error: DosirakError) -> str:
    """What has no sentence of its own is for the log."""
    return next((key for kind, key in _KEYS if isinstance(error, kind)), "lab.failed")
