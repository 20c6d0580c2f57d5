"""Box-drawing and block characters drawn by our own strokes, so that they meet at the cells' edges in every font."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from PIL import Image, ImageDraw

_WEIGHTS: Final = {"LIGHT": 1, "SINGLE": 1, "HEAVY": 2, "DOUBLE": 3}
_ARMS: Final = {
    "LEFT": ("left",),
    "RIGHT": ("right",),
    "UP": ("up",),
    "DOWN": ("down",),
    "HORIZONTAL": ("left", "right"),
    "VERTICAL": ("up", "down"),
}
_SHADES: Final = {"░": 64, "▒": 128, "▓": 191}
_EIGHTHS_UP: Final = "▁▂▃▄▅▆▇█"
_EIGHTHS_LEFT: Final = "▏▎▍▌▋▊▉"
_QUADRANTS: Final = {
    "▖": "c", "▗": "d", "▘": "a", "▙": "acd", "▚": "ad", "▛": "abc", "▜": "abd", "▝": "b", "▞": "bc", "▟": "bcd",
}  # fmt: skip
"""Which quarters are filled: a and b above, c and d below."""


def draws(character: str) -> bool:
    """Whether `tile` knows this character."""
    return "─" <= character <= "▟" or "⠀" <= character <= "⣿"


def tile(character: str, width: int, height: int) -> Image.Image:
    """The character in a cell of this size, as coverage (mode L)."""
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    if character <= "╿":
        _box(draw, character, width, height)
    elif character <= "▟":
        _block(draw, character, width, height)
    else:
        _braille(draw, ord(character) - 0x2800, width, height)
    return image


def arms(character: str) -> dict[str, int]:
    """The strokes of a box character from the cell's middle: side to weight (1 light, 2 heavy, 3 double).

    Read from the character's Unicode name: "DOWN HEAVY AND HORIZONTAL LIGHT", "LIGHT VERTICAL AND LEFT".
    """
    result: dict[str, int] = {}
    weight = 1
    for clause in unicodedata.name(character).removeprefix("BOX DRAWINGS ").split(" AND "):
        words = clause.split()
        weight = next((_WEIGHTS[word] for word in words if word in _WEIGHTS), weight)
        result |= {side: weight for word in words for side in _ARMS.get(word, ())}
    return result


def _box(draw: ImageDraw.ImageDraw, character: str, width: int, height: int) -> None:
    if "DIAGONAL" in (name := unicodedata.name(character)):
        _diagonals(draw, name, width, height)
        return
    strokes = arms(character)
    thin = max(1, width // 8)
    for side, weight in strokes.items():
        for offset in _offsets(weight, thin):
            draw.rectangle(_arm(side, offset, thin * (2 if weight == 2 else 1), width, height), fill=255)


def _offsets(weight: int, thin: int) -> Iterable[int]:
    """Where the lines of an arm lie beside its middle."""
    return (-thin - 1, thin) if weight == 3 else (0,)


def _arm(side: str, offset: int, thick: int, width: int, height: int) -> tuple[int, int, int, int]:
    """The rectangle of a stroke from the middle to one side; it covers the middle, so that strokes join."""
    middle_x, middle_y = (width - thick) // 2, (height - thick) // 2
    if side in {"left", "right"}:
        top = middle_y + offset
        left, right = (0, middle_x + thick - 1) if side == "left" else (middle_x, width - 1)
        return left, top, right, top + thick - 1
    left = middle_x + offset
    top, bottom = (0, middle_y + thick - 1) if side == "up" else (middle_y, height - 1)
    return left, top, left + thick - 1, bottom


def _diagonals(draw: ImageDraw.ImageDraw, name: str, width: int, height: int) -> None:
    thin = max(1, width // 8)
    if "CROSS" in name or "UPPER RIGHT" in name:
        draw.line((0, height, width, 0), fill=255, width=thin)
    if "CROSS" in name or "UPPER LEFT" in name:
        draw.line((0, 0, width, height), fill=255, width=thin)


def _block(draw: ImageDraw.ImageDraw, character: str, width: int, height: int) -> None:
    for box in _block_boxes(character, width, height):
        draw.rectangle(box, fill=_SHADES.get(character, 255))


def _block_boxes(character: str, width: int, height: int) -> Iterable[tuple[int, int, int, int]]:
    right, bottom = width - 1, height - 1
    half_x, half_y = width // 2, height // 2
    if character in _EIGHTHS_UP:
        eighths = _EIGHTHS_UP.index(character) + 1
        return [(0, height - max(1, height * eighths // 8), right, bottom)]
    if character in _EIGHTHS_LEFT:
        return [(0, 0, max(1, width * (_EIGHTHS_LEFT.index(character) + 1) // 8) - 1, bottom)]
    quarters = {
        "a": (0, 0, half_x - 1, half_y - 1),
        "b": (half_x, 0, right, half_y - 1),
        "c": (0, half_y, half_x - 1, bottom),
        "d": (half_x, half_y, right, bottom),
    }
    others = {
        "▀": (0, 0, right, half_y - 1),
        "▐": (half_x, 0, right, bottom),
        "▔": (0, 0, right, max(1, height // 8) - 1),
        "▕": (width - max(1, width // 8), 0, right, bottom),
    }
    if character in _QUADRANTS:
        return [quarters[name] for name in _QUADRANTS[character]]
    return [others.get(character, (0, 0, right, bottom))]


_BRAILLE_DOTS: Final = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of each bit's dot (Unicode chapter 21, braille patterns)."""


def _braille(draw: ImageDraw.ImageDraw, pattern: int, width: int, height: int) -> None:
    radius = max(1, width // 8)
    for bit, (column, row) in enumerate(_BRAILLE_DOTS):
        if pattern >> bit & 1:
            x, y = width * (2 * column + 1) // 4, height * (2 * row + 1) // 8
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
