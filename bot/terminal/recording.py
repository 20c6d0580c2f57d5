"""The terminal's session as an asciicast: what was on the screen and when, never what was typed at a hidden prompt.

Format: https://docs.asciinema.org/manual/asciicast/v3/. Only the pty's output is kept, as the scanner lets it through:
no titles, no clipboard, no questions that a player's own terminal would answer.
"""

from __future__ import annotations

import codecs
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bot.terminal.screen import Size

PART_BYTES: Final = 32 * 1024
"""Kept of one command's beginning, and of its end: fifteen full screens each."""

MOST_BYTES: Final = 256 * 1024
"""Kept in all; the oldest commands go first. An hour of lessons has about 100 KiB."""

_TOGETHER: Final = 0.03
"""Seconds within which output is one event: two frames of a film."""
_EVENT_BYTES: Final = 4096
_EVENT_COST: Final = 200
"""What an event costs beside its bytes, so that a flood of tiny ones is bounded too."""
_PAUSE_LIMIT: Final = 2.0
"""Seconds that a player shows of a longer pause."""
_RESET: Final = b"\x1bc"
_CUT: Final = _RESET + b"\x1b[2m[...]\x1b[0m\r\n"
"""Where output was left out: the screen begins anew."""


@dataclass(slots=True)
class _Event:
    at: float
    kind: str
    data: bytearray

    @property
    def cost(self) -> int:
        return len(self.data) + _EVENT_COST


@dataclass(slots=True)
class _Part:
    """One command's events: the first ones, and the last ones."""

    head: list[_Event] = field(default_factory=list)
    tail: deque[_Event] = field(default_factory=deque)
    head_cost: int = 0
    tail_cost: int = 0
    cut: bool = False

    @property
    def cost(self) -> int:
        return self.head_cost + self.tail_cost

    def add(self, event: _Event) -> None:
        if not self.tail and self.head_cost + event.cost <= PART_BYTES:
            self.head.append(event)
            self.head_cost += event.cost
            return
        self.tail.append(event)
        self.tail_cost += event.cost
        while self.tail_cost > PART_BYTES:
            self.tail_cost -= self.tail.popleft().cost
            self.cut = True

    def grow(self, data: bytes, now: float) -> bool:
        """Put output into the newest event if that is of this moment; False when it is not."""
        last = self.tail[-1] if self.tail else (self.head[-1] if self.head else None)
        if last is None or last.kind != "o" or now - last.at > _TOGETHER or len(last.data) + len(data) > _EVENT_BYTES:
            return False
        last.data += data
        if self.tail:
            self.tail_cost += len(data)
        else:
            self.head_cost += len(data)
        return True

    def events(self) -> Iterator[_Event]:
        yield from self.head
        if self.cut and self.tail:
            yield _Event(self.tail[0].at, "o", bytearray(_CUT))
        yield from self.tail


class Recording:
    """`now` is the terminal's clock."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._parts: deque[_Part] = deque([_Part()])
        self._cost = 0

    @property
    def empty(self) -> bool:
        return not any(part.head for part in self._parts)

    def begin(self) -> None:
        """A command begins: it may not push out those before it by itself."""
        if self._parts[-1].head:
            self._parts.append(_Part())

    def resume(self, size: Size, now: float) -> None:
        """Another shell of the same lab goes on: on an empty screen of this size."""
        self.begin()
        self.resize(size, now)
        self.output(_RESET, now)

    def output(self, data: bytes, now: float) -> None:
        """What the pty has written."""
        part = self._parts[-1]
        before = part.cost
        if not part.grow(data, now):
            part.add(_Event(now, "o", bytearray(data)))
        self._bound(part.cost - before)

    def resize(self, size: Size, now: float) -> None:
        """The pty has another size from now on."""
        part = self._parts[-1]
        before = part.cost
        part.add(_Event(now, "r", bytearray(f"{size.columns}x{size.rows}".encode())))
        self._bound(part.cost - before)

    def _bound(self, more: int) -> None:
        self._cost += more
        while self._cost > MOST_BYTES and len(self._parts) > 1:
            gone = self._parts.popleft()
            self._cost -= gone.cost
            sizes = [event for event in gone.events() if event.kind == "r"]
            if sizes:
                columns, _, rows = sizes[-1].data.decode().partition("x")
                self._size = Size(int(columns), int(rows))

    def document(self, *, now: float, timestamp: float, title: str) -> bytes:
        """The file; `timestamp` is the time of day (Unix) at this moment."""
        events = [event for part in self._parts for event in part.events()]
        began = events[0].at if events else now
        header = {
            "version": 3,
            "term": {"cols": self._size.columns, "rows": self._size.rows, "type": "xterm-256color"},
            "timestamp": int(timestamp - (now - began)),
            "idle_time_limit": _PAUSE_LIMIT,
            "title": title,
        }
        return "".join(
            f"{json.dumps(line, ensure_ascii=False)}\n" for line in (header, *_lines(events, began))
        ).encode()


def _lines(events: list[_Event], began: float) -> Iterator[list[object]]:
    """Intervals count from the event before; a character may be split over two events."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    before = began
    for event in events:
        text = decoder.decode(event.data) if event.kind == "o" else event.data.decode()
        if text:
            yield [round(event.at - before, 3), event.kind, text.encode(errors="replace").decode()]
            before = event.at
