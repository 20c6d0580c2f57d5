"""What the gates refuse, told to the operator in a bounded number of lines: a loop in a lab is not the whole log."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.identity import LabId

log = logging.getLogger(__name__)

FIRST = 10
"""Lines for each lab and interval; what a person does by hand rarely comes to as many."""
INTERVAL = 600.0
"""Seconds after which the rest is told as a count."""


@dataclass(slots=True)
class _Interval:
    began: float
    told: int = 0
    rest: Counter[str] = field(default_factory=Counter)


class Refusals:
    """Counts all refusals by code; logs each lab's first ones in an interval, and at its end how many more came."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._intervals: dict[LabId, _Interval] = {}
        self._look = 0.0

    def note(self, lab: LabId, code: str) -> None:
        """One refusal. Intervals end here too: a lab that has gone silent is told of when another one is refused."""
        now = self._clock()
        self.counts[code] += 1
        self._end(now)
        interval = self._intervals.setdefault(lab, _Interval(now))
        if interval.told < FIRST:
            interval.told += 1
            log.info("lab %s: refused %s", lab, code)
        else:
            interval.rest[code] += 1

    def _end(self, now: float) -> None:
        if now < self._look:
            return
        for lab in [lab for lab, interval in self._intervals.items() if now - interval.began >= INTERVAL]:
            rest = self._intervals.pop(lab).rest
            if rest:
                shown = ", ".join(f"{code} {count}" for code, count in rest.most_common())
                log.info("lab %s: refused %d more: %s", lab, rest.total(), shown)
        self._look = min((interval.began + INTERVAL for interval in self._intervals.values()), default=now)
