"""The buttons under a command that runs: few for one that reads lines, a keypad for one that reads single keys."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bot.chat.message import Button, Rows, button, in_rows, rows
from bot.chat.texts import Words

WIDTH: Final = 5
"""Buttons in a row: on the narrowest phones `Ctrl-C` still fits."""

_MOVES: Final = (
    *(("Esc", "esc"), ("Tab", "tab"), ("⏎", "enter"), ("⌫", "backspace"), ("PgUp", "pgup")),
    *(("←", "left"), ("↑", "up"), ("↓", "down"), ("→", "right"), ("PgDn", "pgdn")),
)
_VI: Final = ((":wq", "save"), (":q!", "quit"))
_LETTERS: Final = "ABCDEFGKLNOPQRSTUVWXYZ"
"""Those whose Ctrl key is no other key: Ctrl-H, I, J and M are Backspace, Tab and Enter."""
_LETTERS_WIDTH: Final = 6


class Pad(StrEnum):
    """Which keys are offered to a program that reads single keys."""

    KEYS = "keys"
    CTRL = "ctrl"
    OFF = "off"
    """None: back to lines."""


class WayOut(StrEnum):
    """How a program that reads lines is left, beside Ctrl-C."""

    EXIT = "exit"
    """A shell: `exit` is a command there. Python or a database would take it for a name."""
    END_OF_INPUT = "ctrl-d"
    """Any other: it reads until the end of its input."""


def line_rows(
    words: Words, way_out: WayOut | None, *, detachable: bool, wide: bool, keys: bool = True, deaf: bool = False
) -> Rows:
    """For a program that reads lines, or none; `wide`: it has written lines that a phone breaks; `keys`: single keys
    may be chosen for it; `deaf`: only stopping its container helps."""
    stop = button(words("terminal.stop"), "stop")
    label = words("terminal.exit") if way_out is WayOut.EXIT else "Ctrl-D"
    leave = _key(label, way_out) if way_out else None
    picture = button(words("terminal.wide_picture"), "picture") if wide else None
    containers = button(words("terminal.containers"), "ps", "below") if deaf else None
    first = (stop, leave, button(words("terminal.keys"), "pad", Pad.KEYS) if keys else None)
    return rows(first, (containers, picture), (_detach(words, detachable),))


def key_rows(words: Words, pad: Pad, *, chosen: bool, detachable: bool) -> Rows:
    """For a program that reads single keys; `chosen`: the learner said so, and may take it back."""
    if pad is Pad.CTRL:
        letters = [_key(f"^{letter}", f"ctrl-{letter.lower()}") for letter in _LETTERS]
        return in_rows([*letters, button("◀", "pad", Pad.KEYS)], _LETTERS_WIDTH)
    more = [button("Ctrl-C", "stop"), _key("Ctrl-D", "ctrl-d"), button("Ctrl+", "pad", Pad.CTRL)]
    ways_out = [button(words("terminal.lines"), "pad", Pad.OFF)] if chosen else [_key(*one) for one in _VI]
    keys = in_rows([_key(label, name) for label, name in _MOVES], WIDTH)
    return (
        *keys,
        *rows((*ways_out, *more), (button(words("terminal.picture"), "picture"),), (_detach(words, detachable),)),
    )


def _key(label: str, name: str) -> Button:
    return button(label, "key", name)


def _detach(words: Words, detachable: bool) -> Button | None:
    return button(words("terminal.detach"), "key", "detach") if detachable else None
