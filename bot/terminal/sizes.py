"""How large the pty is: what the learner chose, for lines and for programs that take the whole screen."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bot.terminal.screen import LINE_SIZE, PHONE_SIZE, Size


class Width(StrEnum):
    """A choice of `/size`."""

    AUTO = "auto"
    PHONE = "phone"
    WIDE = "wide"

    @property
    def lines(self) -> Size:
        """While programs write line by line."""
        return _LINES[self]

    @property
    def screen(self) -> Size:
        """While a program has the whole screen, or single keys were chosen."""
        return _SCREENS[self]


_LINES: Final = {
    Width.AUTO: LINE_SIZE,
    Width.PHONE: PHONE_SIZE,
    # The course's widest table, `docker container ls`, breaks nowhere that matters; pictures show it whole.
    Width.WIDE: Size(140, 30),
}
_SCREENS: Final = {Width.AUTO: PHONE_SIZE, Width.PHONE: PHONE_SIZE, Width.WIDE: LINE_SIZE}
