"""The progress picture: readable, of whatever people call themselves, drawn beside the bot."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

from bot.charts import Charts, Row, Sheet
from bot.charts.draw import CELL, DPI, draw

NUMBERS = (1, 4, 8)
STEPS = ("첫 컨테이너 실행하기", "컨테이너란?", "웹 사이트")
SHEET = Sheet(
    "1장 · 도커의 기본", NUMBERS, STEPS, (Row("하늘", (True, True, False)), Row("Alex", (False, False, False)))
)
GREEN, GREY = (47, 158, 110), (230, 232, 235)


def shades(picture: bytes) -> dict[tuple[int, ...], int]:
    """How many pixels have each colour."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    counted = image.getcolors(image.width * image.height)
    assert counted is not None
    return {color: count for count, color in counted if isinstance(color, tuple)}


def test_each_step_that_is_done_is_a_filled_square() -> None:
    """Two green squares and four grey ones, whatever the fonts are."""
    found = shades(draw(SHEET))
    square = (0.8 * CELL * DPI) ** 2
    assert found[GREEN] == pytest.approx(2 * square, rel=0.1)
    assert found[GREY] == pytest.approx(4 * square, rel=0.1)


@pytest.mark.parametrize("name", ["$x^2$", r"\frac{1}{2}", "a_b" * 30, "🍱", "‮abc", ""])
def test_any_name_is_only_a_name(name: str) -> None:
    """Nobody's name breaks the picture for the others."""
    assert shades(draw(Sheet("$", NUMBERS, STEPS, (Row(name, (True, False, False)),))))[GREEN]


def test_a_sheet_survives_the_pipe() -> None:
    """What one process writes the other reads."""
    assert Sheet.from_json(SHEET.to_json()) == SHEET


async def test_the_picture_is_drawn_beside_the_bot() -> None:
    """Once for the same table; its size suits a chat."""
    charts = Charts()
    picture = await charts.picture(SHEET)
    assert picture is not None and picture.startswith(b"\x89PNG") and len(picture) < 100_000
    assert await charts.picture(SHEET) is picture


async def test_a_drawing_that_fails_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text has the same words, so there is just no picture."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert await Charts().picture(SHEET) is None


def test_the_bot_itself_never_loads_the_library() -> None:
    """It would cost every start a second, and the process 80 MiB."""
    code = "import sys, bot.app; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
