"""`python -m bot.charts.draw`: a sheet as JSON on standard input, a PNG on standard output."""

from __future__ import annotations

import sys
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.patches import FancyBboxPatch

from bot.charts.sheet import Row, Sheet

FONTS = ("nanum/NanumGothic.ttf", "nanum/NanumGothicCoding.ttf")
"""Debian's fonts-nanum has Hangul; without it the names of Koreans are boxes, and the text beside has them."""
FOLDER = Path("/usr/share/fonts/truetype")
FALLBACK = "DejaVu Sans"
"""It comes with the library."""
DPI = 160
"""A phone shows a picture of six inches at about 300 points of width, so that letters of 14 points are 10 there: they
are read in the chat, and stay sharp when the picture is opened."""
DONE, OPEN, INK, PALE, PAPER = "#2f9e6e", "#e6e8eb", "#22272e", "#6b7280", "#ffffff"
CELL, MARGIN, NARROWEST = 0.44, 0.3, 4.4
HEAD, NUMBERS, NAME, GAP, LEGEND_LINE = 0.7, 0.34, 0.4, 0.18, 0.32
"""Inches."""
TITLE_CHARACTERS, NAME_CHARACTERS, STEP_CHARACTERS = 24, 18, 16


def draw(sheet: Sheet) -> bytes:
    """People from top to bottom, each with a row of squares, filled for each step that is done; the steps' titles
    below."""
    columns, lines = len(sheet.steps), -(-len(sheet.steps) // 2)
    width = max(NARROWEST, 2 * MARGIN + columns * CELL)
    people = len(sheet.rows) * (NAME + CELL + GAP)
    height = HEAD + NUMBERS + people + lines * LEGEND_LINE + 2 * MARGIN
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    paper = _Paper(axes, width)
    paper.write(MARGIN, HEAD / 2, _cut(sheet.title, TITLE_CHARACTERS), 17, weight="bold")
    for column, number in enumerate(sheet.numbers):
        paper.write(MARGIN + (column + 0.5) * CELL, HEAD + NUMBERS / 2, str(number), 14, color=PALE, ha="center")
    for index, row in enumerate(sheet.rows):
        paper.person(HEAD + NUMBERS + index * (NAME + CELL + GAP), row)
    paper.legend(HEAD + NUMBERS + people + MARGIN, sheet, lines)
    written = BytesIO()
    with warnings.catch_warnings():
        # A name may have signs that no font here has: each is drawn as a box.
        warnings.simplefilter("ignore")
        figure.savefig(written, format="png", facecolor=PAPER)
    return written.getvalue()


class _Paper:
    """Places things in inches from the upper left corner."""

    def __init__(self, axes: Axes, width: float) -> None:
        self._axes = axes
        self._width = width
        self._font = FontProperties(family=_families())

    def write(self, x: float, y: float, text: str, size: float, *, color: str = INK, **how: Any) -> None:
        self._axes.text(x, y, text, font=self._font, size=size, color=color, va="center", **how)

    def person(self, y: float, row: Row) -> None:
        """The name and how much is done, above the squares."""
        self.write(MARGIN, y + NAME / 2, _cut(row.name, NAME_CHARACTERS), 15)
        share = f"{row.count}/{len(row.done)}"
        self.write(self._width - MARGIN, y + NAME / 2, share, 14, color=PALE, ha="right")
        for column, done in enumerate(row.done):
            self._axes.add_patch(_square(MARGIN + column * CELL, y + NAME, DONE if done else OPEN))

    def legend(self, y: float, sheet: Sheet, lines: int) -> None:
        """What each number stands for, in two columns."""
        for index, (number, step) in enumerate(zip(sheet.numbers, sheet.steps, strict=True)):
            column, line = divmod(index, lines)
            x = MARGIN + column * (self._width - 2 * MARGIN) / 2
            self.write(x, y + (line + 0.5) * LEGEND_LINE, f"{number} {_cut(step, STEP_CHARACTERS)}", 11, color=PALE)


def _square(x: float, y: float, color: str) -> FancyBboxPatch:
    shape = f"round,pad=0,rounding_size={0.16 * CELL}"
    corner = (x + 0.1 * CELL, y + 0.1 * CELL)
    return FancyBboxPatch(corner, 0.8 * CELL, 0.8 * CELL, boxstyle=shape, facecolor=color, edgecolor="none")


def _cut(text: str, most: int) -> str:
    """A name is text and nothing else: a dollar sign would open a formula."""
    short = text if len(text) <= most else text[: most - 1] + "…"
    return short.replace("$", r"\$")


def _families() -> list[str]:
    """The font with Hangul, and the library's own for what it lacks."""
    found = next((FOLDER / name for name in FONTS if (FOLDER / name).exists()), None)
    if found is None:
        return [FALLBACK]
    fontManager.addfont(found)
    return [FontProperties(fname=found).get_name(), FALLBACK]


if __name__ == "__main__":
    sys.stdout.buffer.write(draw(Sheet.from_json(sys.stdin.buffer.read())))
