"""How many messages a chat may get: Telegram counts every send and every edit, and punishes who does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HOLD_MARGIN: Final = 0.5
"""Seconds added to Telegram's `retry_after`, which is rounded to whole seconds."""

_ROUNDING: Final = 1e-6
"""Tokens that floating point may lose between `ready_at` and the `take` at that time."""


class Bucket:
    """A token bucket: `capacity` at once, then `rate` a second."""

    def __init__(self, *, rate: float, capacity: float) -> None:
        self._rate = rate
        self._capacity = capacity
        self._level = capacity
        self._at: float | None = None

    def take(self, now: float, *, leave: float = 0.0) -> bool:
        """Takes one token if at least `leave` others stay."""
        if self.ready_at(now, leave=leave) > now:
            return False
        self._level -= 1
        return True

    def ready_at(self, now: float, *, leave: float = 0.0) -> float:
        """The earliest time (`now` or later) at which `take` succeeds if nobody else takes."""
        self._refill(now)
        missing = 1 + leave - self._level
        return now if missing <= _ROUNDING else now + missing / self._rate

    def _refill(self, now: float) -> None:
        if self._at is not None and now > self._at:
            self._level = min(self._capacity, self._level + (now - self._at) * self._rate)
        self._at = now if self._at is None else max(now, self._at)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a kind of chat allows: `capacity + 60 * rate` is the most that any minute can see."""

    rate: float
    capacity: float
    reserve: float
    """Tokens that redraws leave for replies."""


PRIVATE_ALLOWANCE: Final = Allowance(rate=1.0, capacity=3.0, reserve=1.0)
"""One a second with short bursts (tdlib/telegram-bot-api#648)."""

GROUP_ALLOWANCE: Final = Allowance(rate=0.25, capacity=5.0, reserve=2.0)
"""Twenty a minute (tdlib/td#2592): 5 at once + 60 x 0.25."""


class ChatBudget:
    """All sends and edits of one chat, topics included, draw on this. Replies go before redraws."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._bucket = Bucket(rate=allowance.rate, capacity=allowance.capacity)
        self._held_until = float("-inf")

    def take(self, now: float, *, redraw: bool = False) -> bool:
        """Whether something may be sent now; if so it is counted. `redraw`: not a reply, nobody misses it."""
        return now >= self._held_until and self._bucket.take(now, leave=self._leave(redraw))

    def ready_at(self, now: float, *, redraw: bool = False) -> float:
        """When `take` succeeds at the earliest: `now`, or later."""
        return max(self._held_until, self._bucket.ready_at(now, leave=self._leave(redraw)))

    def hold(self, now: float, retry_after: float) -> None:
        """Telegram answered 429: nothing goes to this chat before its time is over."""
        self._held_until = max(self._held_until, now + retry_after + HOLD_MARGIN)

    def _leave(self, redraw: bool) -> float:
        return self._allowance.reserve if redraw else 0.0
