"""Times in the file: whole Unix seconds, UTC. Fractions are cut: nothing here is shown finer than a minute."""

from __future__ import annotations

from datetime import UTC, datetime


def to_seconds(moment: datetime) -> int:
    """Unix seconds; a time without a zone is a programming error (ValueError), never a guess."""
    if moment.tzinfo is None:
        raise ValueError("a time in the store needs its zone")
    return int(moment.timestamp())


def from_seconds(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
