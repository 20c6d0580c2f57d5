"""The screen: what bytes look like as text, whatever they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.terminal.log import MAX_LINE, Log
from bot.terminal.screen import SCROLLBACK, Screen, Size

SMALL = Size(20, 5)


def drawn(data: bytes, size: Size = SMALL, scrollback: int = SCROLLBACK) -> Screen:
    screen = Screen(size, scrollback=scrollback)
    screen.feed(data)
    return screen


def test_wrapped_lines_are_whole_again() -> None:
    """A line wider than the pty is one line of text."""
    assert drawn(b"x" * 45 + b"\r\ny").lines() == ("x" * 45, "y")


def test_a_progress_line_shows_its_last_state() -> None:
    """A carriage return overwrites, as on any terminal."""
    assert drawn(b"10%\r50%\r100%\r\n").lines() == ("100%",)


def test_wide_characters_take_two_columns() -> None:
    """Hangul at the right margin wraps whole, and the cursor counts cells."""
    screen = drawn("가".encode() * 11)
    assert screen.lines() == ("가" * 11,)
    assert screen.view()[:2] == ("가" * 10, "가")
    assert screen.cursor[:2] == (1, 2)


def test_a_character_may_come_in_pieces() -> None:
    """The pty's chunks end anywhere."""
    screen = Screen(Size(20, 5))
    for byte in "한글👩‍💻".encode():
        screen.feed(bytes([byte]))
    assert screen.lines() == ("한글👩‍💻",)


def test_the_blank_behind_a_prompt_is_known() -> None:
    """`/ # ` ends with a blank that the text does not show."""
    screen = drawn(b"/ # ")
    assert screen.lines() == ("/ #",) and screen.gap_before_cursor() == 1
    assert drawn(b"/ # ls\x1b[3D").gap_before_cursor() is None
    assert drawn(b"a\r\nb\x1b[A").gap_before_cursor() is None


def test_the_primary_screen_is_untouched_by_full_screen_programs() -> None:
    """`lines` is what stays in the message when vi is left; `view` is vi."""
    screen = drawn(b"before\r\n\x1b[?1049h\x1b[H\x1b[2Jvi\r\n~")
    assert screen.view()[:2] == ("vi", "~")
    screen.feed(b"\x1b[?1049lafter")
    assert screen.lines() == ("before", "after")


def test_the_transcript_has_every_line() -> None:
    """Lines that left the scrollback are in the log, the wrapped ones whole, each once."""
    lines = [f"{number} " + "x" * (number % 50) for number in range(1000)]
    screen = drawn("\r\n".join(lines).encode(), scrollback=50)
    assert screen.transcript() == "\n".join(line.rstrip() for line in lines) + "\n"
    assert screen.log.lines + len(screen.lines()) >= 1000


def test_a_line_without_end_stays_bounded() -> None:
    """Half a megabyte without a line feed is cut into lines, and nothing of it is lost."""
    screen = drawn(b"x" * 500_000, size=Size(80, 24), scrollback=50)
    assert screen.transcript().count("x") == 500_000
    assert max(map(len, screen.log.head().splitlines())) <= MAX_LINE + 80


def test_the_log_keeps_both_ends() -> None:
    """The beginning and the end stay, the middle is counted, and no more bytes are kept than promised."""
    log = Log(head=100_000, tail=200_000)
    for number in range(200_000):
        log.add(f"{number}")
    head, tail = log.head().splitlines(), log.tail().splitlines()
    assert head[0] == "0" and tail[-1] == "199999"
    assert len(head) + log.dropped + len(tail) == log.lines == 200_000
    assert 200_000 < len(log.head()) + len(log.tail()) <= 300_000 + 16 * 1024


def test_empty_lines_are_lines() -> None:
    """A blank line between two texts is still there when all three have left the screen."""
    screen = drawn(b"a\r\n\r\nb\r\n" + b"x\r\n" * 300, scrollback=10)
    assert screen.transcript().startswith("a\n\nb\nx\n")


@pytest.mark.parametrize("size", [Size(0, 0), Size(1, 1), Size(10**6, 10**6)])
def test_no_size_breaks_the_emulator(size: Size) -> None:
    """Sizes are brought within bounds."""
    screen = drawn(b"some text that wraps " * 20)
    screen.resize(size)
    screen.feed(b"more")
    assert 2 <= screen.size.columns <= 500 and 2 <= screen.size.rows <= 200


def test_eight_bit_controls_cannot_hide_text() -> None:
    """An OSC introducer in its one-character form, which nothing ends, hides nothing."""
    assert drawn("a\u009db".encode()).lines() == ("ab",)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from(
            [b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[999;999H", b"\x1b[5L", b"\x1b[3;4r", b"\x1bM", b"\x1b[9P"]
        )
        | st.tuples(st.integers(-5, 600), st.integers(-5, 300)),
        max_size=20,
    )
)
def test_nothing_breaks_the_screen(steps: list[bytes | tuple[int, int]]) -> None:
    """Any bytes and sizes leave a screen that can be read."""
    screen = Screen(Size(20, 5), scrollback=5)
    for step in steps:
        if isinstance(step, bytes):
            screen.feed(step)
        else:
            screen.resize(Size(*step))
        screen.lines(), screen.view(), screen.cursor, screen.gap_before_cursor()
    assert screen.transcript().endswith("\n")
