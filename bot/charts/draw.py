"""`python -m bot.charts.draw`: a sheet as JSON on standard input, a PNG on standard output."""

from __future__ import annotations

import sys
import warnings
from io import BytesIO
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.patches import FancyBboxPatch

from bot.charts.sheet import Sheet

FONTS = ("nanum/NanumGothic.ttf", "nanum/NanumGothicCoding.ttf")
"""Debian's fonts-nanum has Hangul; without it the names of Koreans are boxes, and the text beside has them."""
FOLDER = Path("/usr/share/fonts/truetype")
FALLBACK = "DejaVu Sans"
"""It comes with the library."""
DPI = 160
"""A phone shows 8 inches of width at about 1,200 pixels: letters stay sharp when the picture is opened."""
DONE, OPEN, INK, PAPER = "#2f9e6e", "#e6e8eb", "#22272e", "#ffffff"
CELL, NAME_WIDTH, HEAD, FOOT = 0.42, 1.9, 1.75, 0.25
"""Inches."""
NAME_CHARACTERS, STEP_CHARACTERS = 12, 18


def draw(sheet: Sheet) -> bytes:
    """People from top to bottom, steps from left to right, a filled square for each step that is done."""
    columns, rows = len(sheet.steps), len(sheet.rows)
    width, height = NAME_WIDTH + columns * CELL + 1.5, HEAD + max(rows, 1) * CELL + FOOT
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-NAME_WIDTH / CELL, (width - NAME_WIDTH) / CELL)
    axes.set_ylim((height - HEAD) / CELL, -HEAD / CELL)
    axes.set_axis_off()
    font = FontProperties(family=_families())
    left = -NAME_WIDTH / CELL + 0.4
    axes.text(left, -HEAD / CELL + 0.9, sheet.title, font=font, size=13, color=INK, weight="bold")
    for column, step in enumerate(sheet.steps):
        label = _cut(step, STEP_CHARACTERS)
        axes.text(column + 0.35, -0.25, label, font=font, size=8, color=INK, rotation=40, ha="left", va="bottom")
    for index, row in enumerate(sheet.rows):
        axes.text(left, index + 0.5, _cut(row.name, NAME_CHARACTERS), font=font, size=10, color=INK, va="center")
        for column, done in enumerate(row.done):
            axes.add_patch(_square(column, index, DONE if done else OPEN))
        share = f"{row.count}/{columns}"
        axes.text(columns + 0.25, index + 0.5, share, font=font, size=9, color=INK, va="center")
    written = BytesIO()
    with warnings.catch_warnings():
        # A name may have signs that no font here has: each is drawn as a box.
        warnings.simplefilter("ignore")
        figure.savefig(written, format="png", facecolor=PAPER)
    return written.getvalue()


def _square(column: int, row: int, color: str) -> FancyBboxPatch:
    shape = "round,pad=0,rounding_size=0.16"
    return FancyBboxPatch((column + 0.1, row + 0.1), 0.8, 0.8, boxstyle=shape, facecolor=color, edgecolor="none")


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
