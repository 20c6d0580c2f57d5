"""How much one page may be used: requests and bytes by token buckets. Pure: the time is an argument, in seconds."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one page may have at once, and for how much of that time brings anew.

    At once: a class of thirty that opens a page of thirty parts in the same moment, and a large picture for each of
    them. Then as much as that class goes on to use: a question of every visitor three times a second, and a stream
    that a phone can take (32 Mbit/s). Beyond it one page would take the line and the processor from all labs' pages.
    """

    requests_a_second: float = 100
    requests_at_once: float = 1000
    bytes_a_second: float = 4 * MIB
    bytes_at_once: float = 64 * MIB


class Bucket:
    """Fills by `rate` a second up to `size`; begins full."""

    def __init__(self, rate: float, size: float, now: float) -> None:
        self._rate = rate
        self._size = size
        self._level = size
        self._filled_at = now

    def take(self, now: float) -> bool:
        """One out of it, if there is one."""
        self._fill(now)
        if self._level < 1:
            return False
        self._level -= 1
        return True

    def spend(self, amount: float, now: float) -> float:
        """Take what was used already, on credit if need be: the seconds after which that is paid back."""
        self._fill(now)
        self._level -= amount
        return max(0.0, -self._level / self._rate)

    def _fill(self, now: float) -> None:
        self._level = min(self._size, self._level + (now - self._filled_at) * self._rate)
        self._filled_at = now


class Allowance:
    """What a page still has."""

    def __init__(self, bounds: Bounds, now: float) -> None:
        self._requests = Bucket(bounds.requests_a_second, bounds.requests_at_once, now)
        self._bytes = Bucket(bounds.bytes_a_second, bounds.bytes_at_once, now)

    def admits(self, now: float) -> bool:
        """Count a request, if it may come in."""
        return self._requests.take(now)

    def pause(self, size: int, now: float) -> float:
        """Count so many bytes, either way; seconds to wait before the next. A page that is over its bound gets slow:
        to break a download off would be worse for everybody than to let it take its time."""
        return self._bytes.spend(size, now)
