"""When a live message may be redrawn. Pure: the clock is an argument, the sending is the caller's.

The caller's loop, for one message::

    when = pacing.due_at()                 # None: nothing to do until `changed`, `finish` or an outcome
    ...                                    # wait until then
    if pacing.start(frame, now):           # False: nothing new, or too early
        ... send or edit ...
        pacing.delivered(now) | pacing.held(now, retry_after) | pacing.failed(now) | pacing.abandon()

Promises: one frame in flight; none sooner than the tempo allows; an unchanged frame is not sent; after `finish` the
final frame is delivered once and is the last one, unless the message is given up.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from bot.terminal.budget import HOLD_MARGIN


@dataclass(frozen=True, slots=True)
class Tempo:
    """Seconds between redraws: `intervals` are (age of the message, interval from then on), the first age is 0."""

    intervals: tuple[tuple[float, float], ...]
    final_gap: float
    """Between the last redraw and the final frame: a short command's end is worth one of the chat's spare sends."""

    first_quiet: float = 0.3
    """The first output is shown when the program pauses this long …"""

    first_latest: float = 0.8
    """… and at the latest after this time, counted from its first byte."""

    silent_start: float = 1.0
    """A command without any output shows its (empty) message after this time."""


PRIVATE_TEMPO: Final = Tempo(intervals=((0, 1.5), (20, 2.5), (60, 4.0)), final_gap=0.3)
"""1.5 s is what people found to last (letta-ai/lettabot#433); a long-running command may be calmer."""

GROUP_TEMPO: Final = Tempo(intervals=((0, 3.5), (60, 5.0)), final_gap=1.0)
"""3.5 s is 17 a minute of the 20 that a group gets."""

_RETRY_FIRST: Final = 1.0
_RETRY_MOST: Final = 30.0
"""Seconds between attempts after failures that say nothing about when to come back: doubled each time up to this."""

_NOTHING: Final = object()


class Pacing:
    """One live message's timing, from its command's begin to its final frame."""

    def __init__(self, tempo: Tempo, now: float) -> None:
        self._tempo = tempo
        self._began = self._calm_from = now
        self._first_change: float | None = None
        self._last_change = now
        self._dirty = True
        self._finishing = False
        self._over = False
        self._shown: Hashable = _NOTHING
        self._in_flight: Hashable = _NOTHING
        self._in_flight_is_final = False
        self._last_start: float | None = None
        self._not_before = now
        self._look_after = now
        self._failures = 0

    @property
    def over(self) -> bool:
        """The final frame was delivered, or the message was given up."""
        return self._over

    @property
    def in_flight(self) -> bool:
        return self._in_flight is not _NOTHING

    @property
    def finishing(self) -> bool:
        """Whether the next frame is the final one: it may use what the chat's budget keeps for replies."""
        return self._finishing

    def changed(self, now: float) -> None:
        """The screen has changed (or the footer should)."""
        if self._first_change is None:
            self._first_change = now
        self._last_change = now
        self._dirty = True

    def touched(self, now: float) -> None:
        """Somebody works in it: the calm of a long-running command begins anew."""
        self._calm_from = now

    def finish(self, now: float) -> None:
        """The command has ended: from now on the caller's frame is the final one."""
        self._finishing = True
        self.changed(now)

    def due_at(self) -> float | None:
        """When the next frame may be started; None while one is in flight or there is nothing new."""
        if self._over or self.in_flight or not self._dirty:
            return None
        return max(self._not_before, self._after_last_start(), self._after_change())

    def start(self, frame: Hashable, now: float) -> bool:
        """Whether to send `frame` now. A frame that is already shown counts as delivered."""
        due = self.due_at()
        if due is None or now < due:
            return False
        self._dirty = False
        if frame == self._shown:
            self._over = self._finishing
            self._look_after = now + self._tempo.first_quiet
            return False
        self._in_flight = frame
        self._in_flight_is_final = self._finishing
        self._last_start = now
        return True

    def delivered(self, now: float) -> None:
        """The frame is in the chat (Telegram's "message is not modified" says so too)."""
        self._shown = self._landed()
        self._failures = 0
        self._not_before = now
        self._over = self._in_flight_is_final

    def held(self, now: float, retry_after: float) -> None:
        """429: nothing before `retry_after`; then the newest frame."""
        self._landed()
        self._dirty = True
        self._not_before = now + retry_after + HOLD_MARGIN

    def failed(self, now: float) -> None:
        """No answer, or a server's fault: the frame may be shown or not. The newest is sent again, more slowly."""
        self._landed()
        self._shown = _NOTHING
        self._dirty = True
        self._not_before = now + min(_RETRY_FIRST * 2**self._failures, _RETRY_MOST)
        self._failures += 1

    def replaced(self, now: float) -> None:
        """The message is gone (deleted): the next frame goes into a new one."""
        if self.in_flight:
            self._landed()
        self._shown = _NOTHING
        self._dirty = True
        self._not_before = now

    def abandon(self) -> None:
        """Nobody can be reached (the bot was blocked or removed): nothing more is due."""
        self._in_flight = _NOTHING
        self._over = True

    def _landed(self) -> Hashable:
        if not self.in_flight:
            raise RuntimeError("no frame is in flight")
        frame, self._in_flight = self._in_flight, _NOTHING
        return frame

    def _after_last_start(self) -> float:
        if self._last_start is None:
            return self._began
        if self._finishing:
            return self._last_start + self._tempo.final_gap
        age = max(0.0, self._last_start - self._calm_from)
        return self._last_start + max(interval for begins, interval in self._tempo.intervals if begins <= age)

    def _after_change(self) -> float:
        """The first frame waits for the program's first pause; later ones only for their interval. After a frame that
        turned out to be unchanged there is a pause as well: who changes all the time without a change costs little."""
        if self._finishing:
            return self._began
        if self._last_start is not None:
            return self._look_after
        if self._first_change is None:
            return self._began + self._tempo.silent_start
        return min(self._last_change + self._tempo.first_quiet, self._first_change + self._tempo.first_latest)
