"""A PNG of the screen: for wide tables, colours, and full-screen programs.

Each character is a small tile that is drawn once; a picture is tiles put beside each other in an image with a palette.
The palette has a ramp of `_LEVELS` steps from background to foreground for each pair of colours on the screen, and a
coarse cube for emoji. So a picture costs some milliseconds, and few kilobytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from avt import Cell
from PIL import Image, ImageDraw

from bot.terminal.colours import DEFAULT_INK, Colour, Ink, distance, ink, mixed
from bot.terminal.fonts import FontPaths, Typeface
from bot.terminal.screen import Screen

MAX_ROWS: Final = 40
"""Rows in a picture: more cannot be read on a phone, even enlarged."""

MAX_COLUMNS: Final = 200
"""Columns in a picture: the widest `docker container ls` of the course has about 150."""

MIN_COLUMNS: Final = 40
"""A narrow output gets a phone's width: letters stay at one size, and no strip is too slim for Telegram (1 : 20)."""

_LEVELS: Final = 8
_RAMPS: Final = 24
_CUBE: Final = 4
"""24 pairs of colours in 8 steps, and 4 x 4 x 4 colours for emoji: 256, what a palette holds."""

_MARGIN: Final = 12
_MAX_RATIO: Final = 8
"""Width to height at most: Telegram refuses photos beyond 20, and a strip cannot be tapped."""

_FONT_SIZES: Final = ((60, 28), (110, 20), (MAX_COLUMNS, 16))
"""Font size in pixels for pictures up to so many columns: 40 columns are 560 pixels wide then, 200 are 1,600."""

Rows = Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Still:
    """A screen as it was at one moment, ready to be drawn while the screen itself goes on."""

    rows: Rows
    columns: int
    cursor: tuple[int, int] | None
    """Row and column; None when it is not to be seen."""
    glyph: Callable[[str], str]
    """What a cell's character stands for."""


def screen_still(screen: Screen) -> Still:
    """What is on the screen now, cursor included."""
    cursor = screen.cursor
    place = (cursor.row, cursor.column) if cursor.visible else None
    return Still([row.cells for row in screen.rows()], screen.size.columns, place, screen.glyph)


def output_still(screen: Screen) -> Still:
    """The last lines that were written, wrapped ones whole, as wide as they are."""
    rows = screen.logical_rows()[-MAX_ROWS:]
    return Still(rows, max(map(_columns, rows), default=0), None, screen.glyph)


class Painter:
    """Draws stills. It keeps its fonts and tiles: one for the whole process, used by one thread at a time."""

    def __init__(self, fonts: FontPaths) -> None:
        self._fonts = fonts
        self._typefaces: dict[int, Typeface] = {}

    def paint(self, still: Still) -> bytes:
        """The PNG."""
        columns = max(MIN_COLUMNS, min(still.columns, MAX_COLUMNS))
        size = next(size for most, size in _FONT_SIZES if columns <= most)
        typeface = self._typeface(size)
        canvas = _Canvas(typeface, still.glyph, columns, max(1, len(still.rows)))
        for number, row in enumerate(still.rows):
            here = still.cursor[1] if still.cursor and still.cursor[0] == number else None
            canvas.row(number, row[:columns], here)
        return canvas.png()

    def _typeface(self, size: int) -> Typeface:
        if size not in self._typefaces:
            self._typefaces[size] = Typeface(self._fonts, size)
        return self._typefaces[size]


class _Canvas:
    """One picture while it is drawn."""

    def __init__(self, typeface: Typeface, glyph: Callable[[str], str], columns: int, rows: int) -> None:
        self._typeface = typeface
        self._glyph = glyph
        width = columns * typeface.width + 2 * _MARGIN
        height = max(rows * typeface.height + 2 * _MARGIN, width // _MAX_RATIO)
        self._image = Image.new("L", (width, height))  # putpalette makes it one of mode P
        self._ramps: dict[Ink, int] = {DEFAULT_INK: 0}
        self._tiles: dict[tuple[str, int, bool, int], Image.Image] = {}

    def row(self, number: int, cells: Sequence[Cell], cursor: int | None) -> None:
        top = _MARGIN + number * self._typeface.height
        for column, cell in enumerate(cells):
            pen = cell.pen
            plain = pen.is_default()
            if cell.width == 0 or (cell.char == " " and plain and column != cursor):
                continue
            colours = DEFAULT_INK if plain else ink(pen)
            if column == cursor:
                colours = Ink(colours.background, colours.foreground)
            place = _MARGIN + column * self._typeface.width, top
            self._put(self._glyph(cell.char), cell.width, not plain and pen.bold, colours, place)
            if not plain and (pen.underline or pen.strikethrough):
                self._line(place, cell.width, colours, strike=pen.strikethrough)

    def _put(self, character: str, cells: int, bold: bool, colours: Ink, place: tuple[int, int]) -> None:
        ramp = self._ramp(colours)
        key = (character, cells, bold, ramp)
        tile = self._tiles.get(key)
        if tile is None:
            tile = self._tiles[key] = self._coloured(character, cells, bold, colours, ramp)
        self._image.paste(tile, place)

    def _coloured(self, character: str, cells: int, bold: bool, colours: Ink, ramp: int) -> Image.Image:
        """A tile whose values are places in the palette."""
        emoji = self._typeface.emoji_tile(character, cells)
        if emoji is not None:
            return _in_cube(emoji, colours.background)
        return self._typeface.tile(character, cells, bold).point(_RAMP_TABLES[ramp])

    def _line(self, place: tuple[int, int], cells: int, colours: Ink, *, strike: bool) -> None:
        left, top = place
        y = top + self._typeface.height * (5 if strike else 9) // 10
        full = self._ramp(colours) * _LEVELS + _LEVELS - 1
        ImageDraw.Draw(self._image).line((left, y, left + cells * self._typeface.width - 1, y), fill=full)

    def _ramp(self, colours: Ink) -> int:
        """The number of the pair's ramp; when all are taken, that of the most similar pair."""
        ramp = self._ramps.get(colours)
        if ramp is None:
            ramp = len(self._ramps) if len(self._ramps) < _RAMPS else self._similar(colours)
            self._ramps[colours] = ramp
        return ramp

    def _similar(self, colours: Ink) -> int:
        def difference(pair: Ink) -> int:
            return distance(pair.background, colours.background) + distance(pair.foreground, colours.foreground)

        return self._ramps[min(self._ramps, key=difference)]

    def png(self) -> bytes:
        palette = [0] * 768
        for colours, ramp in reversed(self._ramps.items()):  # the pair that a ramp was made for is the first with it
            for level in range(_LEVELS):
                start = 3 * (ramp * _LEVELS + level)
                palette[start : start + 3] = mixed(colours.background, colours.foreground, level / (_LEVELS - 1))
        palette[3 * _CUBE_START :] = [step * 255 // (_CUBE - 1) for colour in _CUBE_COLOURS for step in colour]
        self._image.putpalette(palette)
        data = BytesIO()
        self._image.save(data, "PNG", compress_level=6)
        return data.getvalue()


_CUBE_START: Final = _RAMPS * _LEVELS
_CUBE_COLOURS: Final = [(r, g, b) for r in range(_CUBE) for g in range(_CUBE) for b in range(_CUBE)]
_RAMP_TABLES: Final = [
    [ramp * _LEVELS + (coverage * (_LEVELS - 1) + 127) // 255 for coverage in range(256)] for ramp in range(_RAMPS)
]


def _in_cube(emoji: Image.Image, background: Colour) -> Image.Image:
    """The emoji on its background, in the palette's cube; where nothing is drawn, the picture's own background."""
    flat = Image.new("RGB", emoji.size, background)
    flat.paste(emoji, mask=emoji)
    red, green, blue = (band.tobytes() for band in flat.split())
    alpha = emoji.getchannel("A").tobytes()
    places = bytes(
        _CUBE_START + _step(r) * _CUBE * _CUBE + _step(g) * _CUBE + _step(b) if a > 64 else 0
        for r, g, b, a in zip(red, green, blue, alpha, strict=True)
    )
    return Image.frombytes("L", emoji.size, places)


def _step(value: int) -> int:
    return (value * (_CUBE - 1) + 127) // 255


def _columns(row: Sequence[Cell]) -> int:
    """Columns up to the last cell that shows something."""
    for column in range(len(row), 0, -1):
        cell = row[column - 1]
        if cell.char != " " or not cell.pen.is_default():
            return column + max(0, cell.width - 1)
    return 0
