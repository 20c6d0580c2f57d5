"""Text that is harmless in a message, and cuts that split nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.richtext import units
from bot.terminal.plain import MAX_MARKS, end_of, plain, shortened, start_of

COOK, FLAG, ACUTE = "👩🏽‍🍳", "🇰🇷", "e\u0301"
TEXTS = st.lists(st.sampled_from([COOK, FLAG, ACUTE, "가", "a", "❤️", "\u200b", "\u202e"]) | st.text(max_size=3)).map(
    "".join
)


@pytest.mark.parametrize("kept", ["plain text", "한글", COOK, FLAG, "❤️", ACUTE, "┌─┐", "👩‍💻 x"])
def test_what_can_be_seen_stays(kept: str) -> None:
    """Letters, Hangul, joined emoji, flags, marks and boxes come through unchanged."""
    assert plain(kept) == kept


@pytest.mark.parametrize(
    "bad", ["\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\x1b", "\x00", "\u009b", "\u3164", "\ud800"]
)
def test_what_cannot_be_seen_goes(bad: str) -> None:
    """Controls, bidirectional overrides and zero-width characters are removed."""
    assert plain(f"a{bad}b") == "ab"


def test_a_joiner_between_letters_goes() -> None:
    """It would be a hidden character in a command that looks right."""
    assert plain("do\u200dcker") == "docker"


def test_stacks_of_marks_are_cut() -> None:
    """Zalgo text stays in its line."""
    assert plain("a" + "\u0301" * 500) == "a" + "\u0301" * MAX_MARKS


@given(TEXTS)
def test_plain_text_is_plain_already(text: str) -> None:
    """Cleaning twice changes nothing, and no format character but an emoji's joiner is left."""
    clean = plain(text)
    assert plain(clean) == clean
    assert all(unicodedata.category(c) not in {"Cc", "Cs"} for c in clean)


@given(TEXTS, st.integers(1, 40))
def test_a_shortened_line_fits(text: str, most: int) -> None:
    """It never has more units than asked for, and stays whole when it fits."""
    short = shortened(text, most)
    assert units(short) <= most
    assert short == text or units(text) > most


@pytest.mark.parametrize("whole", [COOK, FLAG, ACUTE, "❤️", "👨‍👩‍👧‍👦"])
@pytest.mark.parametrize("most", range(1, 30))
def test_no_character_is_cut_in_half(whole: str, most: int) -> None:
    """What is one character to a reader is there or not."""
    line = whole * 4
    assert start_of(line, most) == whole * (min(4, most // units(whole)))
    assert end_of(line, most) == whole * (min(4, most // units(whole)))
