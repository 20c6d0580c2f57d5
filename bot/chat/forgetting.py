"""People who have asked to be forgotten: what they asked for before that is not noted after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

Forgotten = Callable[[], bool]
"""Whether the person has been forgotten since."""


def never() -> bool:
    """For what the bot does by itself, or does at once."""
    return False


class Forgetting:
    """In memory: what was under way when the bot stopped is not gone on with."""

    def __init__(self) -> None:
        self._times: Counter[int] = Counter()

    def begin(self, user_id: int) -> None:
        """From now on; before the store is told, so that nothing is written behind its back."""
        self._times[user_id] += 1

    def since(self, user_id: int) -> Forgotten:
        """To be asked later, right before something is written."""
        before = self._times[user_id]
        return lambda: self._times[user_id] != before
