"""The buttons for programs that read keys."""

from __future__ import annotations

import pytest

from bot.chat.callbacks import decode
from bot.chat.keypad import Pad, WayOut, key_rows, line_rows
from bot.chat.message import Rows
from bot.chat.texts import read_texts
from bot.identity import Language
from bot.terminal import keys

WORDS = read_texts()[Language.KOREAN]
PADS = [
    key_rows(WORDS, Pad.KEYS, chosen=False, detachable=True),
    key_rows(WORDS, Pad.KEYS, chosen=True, detachable=False),
    key_rows(WORDS, Pad.CTRL, chosen=False, detachable=False),
    line_rows(WORDS, WayOut.EXIT, detachable=True, wide=True),
    line_rows(WORDS, WayOut.END_OF_INPUT, detachable=False, wide=False, deaf=True),
]
MOST_BUTTONS, MOST_IN_ROW = 100, 8
"""Telegram's own bounds (undocumented)."""


def labels(rows: Rows) -> list[str]:
    return [button.label for row in rows for button in row]


@pytest.mark.parametrize("rows", PADS)
def test_every_key_types_something(rows: Rows) -> None:
    """Each button is a key that the terminal knows, Stop, or another pad."""
    taps = [decode(button.data) for row in rows for button in row]
    for tap in taps:
        assert tap is not None
        assert (
            tap.action in ("stop", "picture", "ps")
            or (tap.action == "pad" and tap.arguments[0] in set(Pad))
            or keys.strokes(*tap.arguments)
        )


@pytest.mark.parametrize("rows", PADS)
def test_a_pad_fits_a_phone(rows: Rows) -> None:
    """No row has more than Telegram shows side by side, and no label is there twice."""
    assert all(len(row) <= MOST_IN_ROW for row in rows)
    assert len(labels(rows)) == len(set(labels(rows))) <= MOST_BUTTONS


def test_the_keypad_has_what_a_phone_lacks() -> None:
    """Esc, Tab, Enter, arrows, pages, Ctrl and the ways out of vi; detaching only where there is something to leave."""
    pad = labels(PADS[0])
    assert {"Esc", "Tab", "⏎", "←", "↑", "↓", "→", "PgUp", "PgDn", "Ctrl-C", "Ctrl-D", "Ctrl+", ":wq", ":q!"} < {*pad}
    assert "Ctrl-P Ctrl-Q" in pad[-1] and not any("Ctrl-P" in label for label in labels(PADS[1]))
    assert {"^O", "^X", "^K", "^W"} < {*labels(PADS[2])}
