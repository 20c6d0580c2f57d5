"""From what a learner sends (text, names of keys) to the bytes that a terminal would send for it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_CURSOR_KEYS: Final = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}

_KEYS: Final = {
    "enter": b"\r",
    "tab": b"\t",
    "shift-tab": b"\x1b[Z",
    "esc": b"\x1b",
    "space": b" ",
    "backspace": b"\x7f",
    "delete": b"\x1b[3~",
    "insert": b"\x1b[2~",
    "pgup": b"\x1b[5~",
    "pgdn": b"\x1b[6~",
}

_SEVERAL: Final = {
    "exit": (b"exit\r",),
    "save": (b"\x1b", b":wq\r"),
    "quit": (b"\x1b", b":q!\r"),
    "detach": (b"\x10", b"\x11"),
}
"""What one button types: leaving a shell, leaving vi (out of its insert mode too), and Docker's detach keys."""

APART: Final = frozenset({b"\x1b", b"\x10"})
STROKE_PAUSE: Final = 0.1
"""Seconds after these strokes before the next one. An Esc right before another key could be the beginning of a key's
sequence, and docker before version 23 sees its detach keys only when they come one by one."""

_CONTROL: Final = re.compile(r"ctrl-([a-z\[\]\\^_@])")
_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_QUOTE_NEXT: Final = "\x16"
"""Ctrl-V: readline takes the next character as it is."""

PASTE_FROM: Final = 80
"""Characters from which a text for a full-screen program is a paste; a shorter one may be its command (`dd`)."""

PASTE_BEGIN: Final = b"\x1b[200~"
PASTE_END: Final = b"\x1b[201~"

INTERRUPT: Final = b"\x03"
"""Ctrl-C, what Stop sends."""


def strokes(name: str, *, application: bool = False) -> tuple[bytes, ...]:
    """What a button types, stroke by stroke; empty for an unknown name."""
    data = key(name, application=application)
    return (data,) if data is not None else _SEVERAL.get(name, ())


def key(name: str, *, application: bool = False) -> bytes | None:
    """The bytes of a key by its name (`enter`, `up`, `ctrl-c`, …), None for an unknown name.

    `application`: the program asked for the application form of cursor keys (`Screen.application_keys`).
    """
    name = name.lower()
    if letter := _CURSOR_KEYS.get(name):
        return (b"\x1bO" if application else b"\x1b[") + letter.encode()
    if match := _CONTROL.fullmatch(name):
        return bytes([ord(match[1].upper()) & 0x1F])
    return _KEYS.get(name)


def command_line(text: str) -> bytes:
    """A command for the shell's prompt, Enter included.

    Line feeds inside are quoted, so that a text of several lines is read whole, runs in order and has one end; tabs
    are quoted, so that they complete nothing. Other control characters are left out.
    """
    text = _normal(text).strip("\n")
    return re.sub(r"[\n\t]", lambda match: _QUOTE_NEXT + match[0], text).encode() + b"\r"


def program_input(text: str) -> bytes:
    """Lines for a program that reads them, each with its Enter."""
    return _normal(text).replace("\n", "\r").encode() + b"\r"


def entered(text: str, *, by_keys: bool, pastes: bool) -> bytes:
    """A message for the program that runs: a line, or single keys; `pastes`: the program asked for bracketed paste."""
    if not by_keys:
        return program_input(text)
    return pasted(text) if pastes and ("\n" in text or len(text) >= PASTE_FROM) else typed(text)


def typed(text: str) -> bytes:
    """Text as typed into a full-screen program: no Enter at its end."""
    return _normal(text).replace("\n", "\r").encode()


def pasted(text: str) -> bytes:
    """Text for a program that asked for bracketed paste (`Terminal.paste_mode`): it cannot act as keys there."""
    return PASTE_BEGIN + _normal(text).replace("\n", "\r").encode() + PASTE_END


def _normal(text: str) -> str:
    """Line feeds only, no control characters but tabs: nobody types an escape sequence into a message by intention."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL_CHARACTERS.sub("", text).encode(errors="ignore").decode()


class Straightened(NamedTuple):
    """A text as it was meant; `changed` when that is not how it came."""

    text: str
    changed: bool


_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟″", '"') | dict.fromkeys("‘’‚‛′", "'"))
_SPACES: Final = str.maketrans(dict.fromkeys("\u00a0\u202f\u2007", " "))
_OPTION_DASH: Final = re.compile(r"(?<!\S)[—–―−](?=[A-Za-z])(?P<name>[A-Za-z]+)")
"""A long dash where an option begins. Elsewhere it may be meant, as in a text that is echoed."""

_SENTENCE_CASE: Final = re.compile(
    r"(?:Docker|Exit|Ls|Cat|Cd|Echo|Curl|Vi|Nano|Pwd|Clear|Hostname|Less|Top|Ps|Sh|History)(?=\s+[!-~]|\s*\Z)", re.ASCII
)
"""The course's commands as a keyboard begins a sentence; before Hangul it is one."""


def straighten(text: str) -> Straightened:
    """Undoes what phone keyboards make of code: curly quotes, `--` turned into a long dash, hard spaces, and
    the capital that it begins every message with.

    Curly quotes stay when the text also has straight ones: then the keyboard leaves quotes alone, and they were meant.
    """
    straight = _OPTION_DASH.sub(_option, text.translate(_SPACES))
    if '"' not in straight and "'" not in straight:
        straight = straight.translate(_QUOTES)
    if _SENTENCE_CASE.match(straight):
        straight = straight[0].lower() + straight[1:]
    return Straightened(straight, straight != text)


def _option(match: re.Match[str]) -> str:
    """An em dash was `--`; an en dash before one letter was `-`."""
    short = match[0][0] in "–−" and len(match["name"]) == 1
    return ("-" if short else "--") + match["name"]
