"""The terminal's colours: from a cell's pen to red, green and blue."""

from __future__ import annotations

from typing import Final, NamedTuple

from avt import Color, Pen


class Colour(NamedTuple):
    """Red, green and blue, 0 to 255."""

    red: int
    green: int
    blue: int


class Ink(NamedTuple):
    """What a cell is drawn with."""

    foreground: Colour
    background: Colour


FOREGROUND: Final = Colour(0xD8, 0xDE, 0xE9)
BACKGROUND: Final = Colour(0x1B, 0x1F, 0x27)
DEFAULT_INK: Final = Ink(FOREGROUND, BACKGROUND)

_NORMAL: Final = 0x3B4252, 0xE06C75, 0x98C379, 0xE5C07B, 0x61AFEF, 0xC678DD, 0x56B6C2, 0xC8CCD4
_BRIGHT: Final = 0x6B7384, 0xFF7B86, 0xB5E08F, 0xFFD98C, 0x7DC4FF, 0xDD91F5, 0x6FD3DF, 0xFFFFFF
"""Black, red, green, yellow, blue, magenta, cyan, white; chosen to read on the background."""

_ANSI: Final = tuple(Colour(*code.to_bytes(3)) for code in _NORMAL + _BRIGHT)

_CUBE_STEPS: Final = (0, 95, 135, 175, 215, 255)
"""xterm's 6 x 6 x 6 cube, colours 16 to 231; then 24 greys."""

_FAINT: Final = 0.6
"""How much of the foreground a faint cell keeps."""


def ink(pen: Pen) -> Ink:
    """The pen's colours with bold, faint and inverse taken into account."""
    foreground = _colour(pen.foreground, FOREGROUND, bright=pen.bold)
    background = _colour(pen.background, BACKGROUND)
    if pen.inverse:
        foreground, background = background, foreground
    if pen.faint:
        foreground = mixed(background, foreground, _FAINT)
    return Ink(foreground, background)


def mixed(under: Colour, over: Colour, share: float) -> Colour:
    """`over` on `under`, covering this share (0 to 1) of it."""
    return Colour(*(round(low + (high - low) * share) for low, high in zip(under, over, strict=True)))


def distance(one: Colour, other: Colour) -> int:
    """How different two colours are; only good for comparing."""
    return sum((left - right) ** 2 for left, right in zip(one, other, strict=True))


def _colour(colour: Color | None, default: Colour, *, bright: bool = False) -> Colour:
    if isinstance(colour, Color.RGB):
        return Colour(colour[0], colour[1], colour[2])
    if isinstance(colour, Color.Indexed):
        index = colour[0]
        return indexed(index + 8 if bright and index < 8 else index)
    return default


def indexed(index: int) -> Colour:
    """One of the 256 colours of xterm."""
    if index < 16:
        return _ANSI[index]
    if index < 232:
        index -= 16
        return Colour(_CUBE_STEPS[index // 36], _CUBE_STEPS[index // 6 % 6], _CUBE_STEPS[index % 6])
    grey = 8 + (index - 232) * 10
    return Colour(grey, grey, grey)
