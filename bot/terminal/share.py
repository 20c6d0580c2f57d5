"""How much of the processor's time terminals may take: a flood in one must not be felt in any other. Pure."""

from __future__ import annotations

from typing import Final

TOGETHER: Final = 0.25
"""Of one processor, for all terminals of the bot that flood at this moment; the rest is for answering people."""

SAVED: Final = 0.05
"""Seconds that a quiet terminal may take at once: the output of any ordinary command is drawn without a rest."""

HURRY: Final = 0.6
"""Seconds for what may lie between the program and the screen when it is stopped, 1.3 MB of one-letter lines: the
engine's own pipe holds one, the rest are sockets and our queue. It takes half of that where nothing else works."""

SLICE: Final = 4096
"""Bytes drawn before the share is looked at: of the most costly output, lines of one letter, that takes 2 ms."""


class Share:
    """One terminal's share. `spend` what drawing took, then rest as long as it says."""

    def __init__(self) -> None:
        self._level = SAVED
        self._at: float | None = None

    def hurry(self) -> None:
        """Somebody has stopped the program: what it had already written is in the way of the prompt."""
        self._level = max(self._level, HURRY)

    def spend(self, seconds: float, now: float, *, floods: int) -> float:
        """Seconds to rest; `floods` terminals rest at this moment, this one included."""
        rate = TOGETHER / max(1, floods)
        if self._at is not None:
            self._level = max(self._level, min(SAVED, self._level + (now - self._at) * rate))
        self._at = now
        self._level -= seconds
        return max(0.0, -self._level / rate)
