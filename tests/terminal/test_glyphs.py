"""Clusters of code points keep their columns, and come back as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcwidth

from bot.terminal.glyphs import MOST
from bot.terminal.screen import Screen, Size

WOMAN = "👩\u200d💻"
CLUSTERS = [
    "ẹ\u0301",
    "가",
    "한\u0332",
    WOMAN,
    "👍🏽",
    "👨\u200d👩\u200d👧\u200d👦",
    "ก\u0e31",
    "\u1112\u119e\u11ab",
    "✅",
    "x",
]
PIECES = st.lists(st.sampled_from(CLUSTERS), min_size=1, max_size=12)


def on_screen(*pieces: str) -> Screen:
    screen = Screen(Size(80, 3))
    for piece in pieces:
        screen.feed(piece.encode())
    return screen


def columns(text: str) -> int:
    """As programs count them, code point by code point."""
    return sum(wcwidth(character) for character in text)


@given(PIECES)
def test_the_cursor_is_where_programs_think_it_is(pieces: list[str]) -> None:
    """Marks take no column, and a joined emoji those of its parts."""
    text = "".join(pieces)
    assert on_screen(text).cursor.column == columns(text)


@given(PIECES, st.data())
def test_what_was_written_comes_back(pieces: list[str], data: st.DataObject) -> None:
    """Nothing of a cluster is lost, wherever the bytes were split; blanks only fill up columns."""
    text = "".join(pieces)
    cut = data.draw(st.integers(0, len(text)))
    whole = on_screen(text).lines()[0]
    assert whole.replace(" ", "") == text
    if not text[:cut].isascii() or not cut:
        assert on_screen(text[:cut], text[cut:]).lines()[0] == whole or text[cut - 1].isascii()


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_table_stays_a_table(cluster: str) -> None:
    """What stands in a column by the cursor's address stands there in the text too, as far as columns are counted."""
    row = on_screen(f"{cluster}\x1b[20G|").view()[0]
    blanks = row.removeprefix(cluster)
    assert blanks.strip(" ") == "|" and len(blanks) - 1 >= 19 - columns(cluster)


def test_a_text_heart_is_not_made_wider() -> None:
    """An emoji selector after a narrow sign would make a phone draw it two cells wide, where programs count one."""
    assert on_screen("❤\ufe0f|").view()[0] == "❤|"


def test_the_log_and_the_cursor_have_them_too() -> None:
    """Lines that have left the screen, and the one with the cursor."""
    screen = Screen(Size(20, 2), scrollback=0)
    screen.feed(f"{WOMAN}\r\n1\r\n2\r\n{WOMAN}\x1b[D\x1b[D\x1b[D\x1b[D".encode())
    assert screen.transcript().splitlines() == [f"{WOMAN}", "1", "2", WOMAN]
    assert screen.view(cursor="▌")[-1].startswith(WOMAN + "\u0332")


def test_no_program_can_write_a_stand_in() -> None:
    """Characters of the stand-ins' ranges do not become somebody's accent."""
    screen = on_screen("ẹ\u0301", "\U000f0000", "\U00017000")
    assert screen.lines()[0] == "ẹ\u0301" + "\ufffd〓"


def test_endless_clusters_are_bounded() -> None:
    """Beyond the bound only the first characters are drawn; columns are right all the same."""
    screen = Screen(Size(80, 3))
    for number in range(MOST + 50):
        screen.feed(f"\r\x1b[K{chr(0x3400 + number)}\u0332|".encode())
    assert screen.lines()[0] == f"{chr(0x3400 + MOST + 49)}|" and screen.cursor.column == 3


def test_an_escape_sequence_is_never_a_base() -> None:
    """A mark right after a colour is dropped, and the colour stays."""
    screen = on_screen("\x1b[31m\u0301red")
    assert screen.lines() == ("red",) and not screen.rows()[0].cells[0].pen.is_default()
