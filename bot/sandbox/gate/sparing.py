"""What goes wrong in one lab's calls, told to the operator in a bounded number of lines: a learner's loop while the
engine is away writes no more of them than a few."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from bot.identity import LabId
from bot.sandbox.refusals import FIRST, INTERVAL


class SparingLog:
    """The first lines of an interval, and with the next interval's first how many more there were."""

    def __init__(self, log: logging.Logger, lab: LabId, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._lab = lab
        self._clock = clock
        self._began = clock()
        self._told = 0

    def warning(self, error: BaseException, *, trace: bool = False) -> None:
        """One line for the error; with `trace`, where it came from as well."""
        now = self._clock()
        if now - self._began >= INTERVAL:
            if self._told > FIRST:
                self._log.warning("lab %s: %d more failures since then", self._lab, self._told - FIRST)
            self._began, self._told = now, 0
        self._told += 1
        if self._told <= FIRST:
            shown = error if trace else None
            self._log.warning("lab %s: %s: %s", self._lab, type(error).__name__, error, exc_info=shown)
