"""Pictures of the screen."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from bot.terminal import boxes
from bot.terminal.colours import BACKGROUND, FOREGROUND, indexed
from bot.terminal.fonts import FontPaths, installed_fonts
from bot.terminal.picture import MAX_COLUMNS, MAX_ROWS, Painter, output_still, screen_still
from bot.terminal.screen import PHONE_SIZE, Screen, Size

MOST_BYTES = 60_000
"""What a picture may weigh: it is fetched over a phone's network while one waits."""

BOXES = [chr(code) for code in range(0x2500, 0x2580)]


@pytest.fixture(scope="module", params=[FontPaths(), installed_fonts()], ids=["no fonts", "installed fonts"])
def painter(request: pytest.FixtureRequest) -> Painter:
    """A painter with the machine's fonts, and one that has to do without."""
    return Painter(request.param)


def drawn(data: str, size: Size = PHONE_SIZE) -> Screen:
    screen = Screen(size)
    screen.feed(data.replace("\n", "\r\n").encode())
    return screen


def of_screen(painter: Painter, screen: Screen) -> bytes:
    return painter.paint(screen_still(screen))


def of_output(painter: Painter, screen: Screen) -> bytes:
    return painter.paint(output_still(screen))


def opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGB")


def colours(png: bytes) -> set[tuple[int, ...]]:
    counted = opened(png).getcolors(1 << 20)
    assert counted is not None
    return {colour for _, colour in counted if isinstance(colour, tuple)}


def test_a_full_page_of_text_is_small(painter: Painter) -> None:
    """A screen of help text, as wide as a desk's terminal."""
    line = "  -e, --env list      Set environment variables, 한글도 있고, for the container you run\n"
    assert len(of_screen(painter, drawn(line * 30, Size(100, 30)))) < MOST_BYTES


def test_text_has_the_pens_colours(painter: Painter) -> None:
    """Full strength of foreground and background is in the picture."""
    found = colours(of_screen(painter, drawn("█\x1b[31m█\x1b[38;2;1;200;3m█\x1b[44m \x1b[0m")))
    assert {FOREGROUND, BACKGROUND, indexed(1), (1, 200, 3), indexed(4)} <= found


def test_more_colours_than_the_palette_holds_still_draw(painter: Painter) -> None:
    """A rainbow is drawn with the most similar colours that are there."""
    rainbow = "".join(f"\x1b[38;5;{index}m█" for index in range(256))
    assert len(colours(of_screen(painter, drawn(rainbow)))) <= 256


def test_the_cursor_is_seen(painter: Painter) -> None:
    """Full-screen programs are used by it; hidden, it is not drawn."""
    visible, hidden = of_screen(painter, drawn("ab\x1b[D")), of_screen(painter, drawn("ab\x1b[D\x1b[?25l"))
    assert visible != hidden


def test_a_picture_is_of_its_moment(painter: Painter) -> None:
    """What a program draws afterwards is not in it, though the screen was not held still."""
    screen = drawn("한글 \x1b[31me\u0301\x1b[0m")
    still, before = screen_still(screen), of_screen(painter, screen)
    screen.feed(b"\x1b[2J\x1b[Hsomething else \xe1\x84\x80")
    assert painter.paint(still) == before != of_screen(painter, screen)


def test_a_wide_table_is_one_row_again(painter: Painter) -> None:
    """What 40 columns wrapped is as wide as it was written."""
    row = "x" * 150
    picture = opened(of_output(painter, drawn(row)))
    assert picture.width > 3 * picture.height


@pytest.mark.parametrize("data", ["", "\n" * 50, "가" * 500, "y\n" * 500, "x" * 9000, "e\u0301\u200d👩‍💻️" * 30])
def test_any_output_has_a_picture_that_telegram_takes(painter: Painter, data: str) -> None:
    """Sides sum to at most 10,000 pixels and their ratio is below 20 (Bot API, sendPhoto)."""
    for png in (of_output(painter, drawn(data)), of_screen(painter, drawn(data))):
        picture = opened(png)
        assert picture.width + picture.height <= 10_000
        assert 1 / 20 < picture.width / picture.height < 20


def test_a_picture_has_bounds(painter: Painter) -> None:
    """The largest output gives a picture of the largest number of rows and columns, not more."""
    picture = opened(of_output(painter, drawn(("x" * 1000 + "\n") * 100, Size(500, 200))))
    assert picture.width < 10 * MAX_COLUMNS and picture.height < 30 * MAX_ROWS


@pytest.mark.parametrize("character", [box for box in BOXES if box not in "╱╲╳"])
def test_box_strokes_reach_the_edges_that_they_join(character: str) -> None:
    """Neighbouring cells' lines meet whatever the cell's size; no stroke touches another edge's middle."""
    for width, height in [(8, 18), (14, 31), (10, 22)]:
        tile = boxes.tile(character, width, height)
        edges = {
            "left": tile.crop((0, 0, 1, height)),
            "right": tile.crop((width - 1, 0, width, height)),
            "up": tile.crop((0, 0, width, 1)),
            "down": tile.crop((0, height - 1, width, height)),
        }
        touched = {side for side, edge in edges.items() if edge.getbbox() is not None}
        assert touched == set(boxes.arms(character))


@pytest.mark.parametrize(
    ("character", "arms"),
    [
        ("┼", {"left": 1, "right": 1, "up": 1, "down": 1}),
        ("┏", {"right": 2, "down": 2}),
        ("╡", {"up": 1, "down": 1, "left": 3}),
        ("╀", {"up": 2, "left": 1, "right": 1, "down": 1}),
        ("╼", {"left": 1, "right": 2}),
        ("╭", {"right": 1, "down": 1}),
    ],
)
def test_unicode_names_say_how_a_box_is_drawn(character: str, arms: dict[str, int]) -> None:
    """One from each family of names."""
    assert boxes.arms(character) == arms


def test_blocks_fill_what_they_name() -> None:
    """The full block has no gap to its neighbours; half blocks fill their half."""
    assert boxes.tile("█", 10, 20).getextrema() == (255, 255)
    assert boxes.tile("▌", 10, 20).getbbox() == (0, 0, 5, 20)
    assert boxes.tile("▄", 10, 20).getbbox() == (0, 10, 10, 20)
    assert boxes.tile("▝", 10, 20).getbbox() == (5, 0, 10, 10)
