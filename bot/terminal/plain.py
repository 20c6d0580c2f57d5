"""Terminal text made harmless for a message: nothing invisible, nothing that turns text round, nothing cut in half."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from bot.richtext import units

MAX_MARKS: Final = 4
"""Combining marks kept on one character: no script needs more, a stack of hundreds covers the neighbouring messages."""

_JOINER: Final = "\u200d"
_LINE_BREAKS: Final = {0x2028: " ", 0x2029: " ", 0x0B: " ", 0x0C: " ", 0x09: "    "}
_INVISIBLE: Final = dict.fromkeys(
    [
        *range(0x00, 0x20),
        *range(0x7F, 0xA0),
        0xAD,  # soft hyphen
        0x034F,  # combining grapheme joiner
        0x061C,  # Arabic letter mark
        0x115F,  # Hangul fillers
        0x1160,
        0x180E,
        0x200B,
        0x200C,
        0x200E,  # left-to-right and right-to-left marks
        0x200F,
        *range(0x202A, 0x202F),  # embeddings and overrides
        *range(0x2060, 0x2070),  # word joiner, isolates
        0x3164,
        0xFEFF,
        0xFFA0,
        *range(0xFFF9, 0xFFFC),
        *range(0xD800, 0xE000),  # lone surrogates have no UTF-8
        *range(0xE0000, 0xE0080),  # tags
    ]
)
_REMOVED: Final = {**_INVISIBLE, **_LINE_BREAKS}
_EMOJI_BEFORE_JOINER: Final = re.compile(
    "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"
)
_PRINTABLE_ASCII: Final = re.compile(r"[ -~]*")
_ELLIPSIS: Final = "…"


def plain(line: str) -> str:
    """One line without control, bidirectional and zero-width characters; a joiner stays between emoji only."""
    if _PRINTABLE_ASCII.fullmatch(line):
        return line
    line = line.translate(_REMOVED)
    if _JOINER in line:
        kept = _EMOJI_BEFORE_JOINER.sub(lambda match: match[0].replace(_JOINER, "\0"), line)
        line = kept.replace(_JOINER, "").replace("\0", _JOINER)
    return _with_few_marks(line)


def _with_few_marks(line: str) -> str:
    if len(line) <= MAX_MARKS:
        return line
    kept: list[str] = []
    marks = 0
    for character in line:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def shortened(line: str, most: int) -> str:
    """The line in at most `most` UTF-16 units: its first two thirds and its end, with `…` for what lies between."""
    if units(line) <= most:
        return line
    end_room = (most - 1) // 3
    return start_of(line, most - 1 - end_room) + _ELLIPSIS + end_of(line, end_room)


def start_of(line: str, most: int) -> str:
    """As much of the beginning as fits, ending between two characters as a reader sees them."""
    position = _fitting(line, most)
    while position > 0 and not _boundary(line, position):
        position -= 1
    return line[:position]


def end_of(line: str, most: int) -> str:
    """As much of the end as fits, beginning between two characters as a reader sees them."""
    position = len(line) - _fitting(line[::-1], most)
    while position < len(line) and not _boundary(line, position):
        position += 1
    return line[position:]


def _fitting(line: str, most: int) -> int:
    """How many code points of the beginning have at most `most` units."""
    position = room = 0
    for character in line:
        room += units(character)
        if room > most:
            break
        position += 1
    return position


def _boundary(line: str, position: int) -> bool:
    """Whether no character as a reader sees it (base and marks, joined emoji, flag) is cut here."""
    if position in (0, len(line)):
        return True
    before, after = line[position - 1], line[position]
    if after == _JOINER or before == _JOINER or unicodedata.category(after) in {"Mn", "Me", "Mc"}:
        return False
    if "\U0001f3fb" <= after <= "\U0001f3ff":  # skin tones
        return False
    if _is_flag_letter(before) and _is_flag_letter(after):
        return _flag_letters_before(line, position) % 2 == 0
    return True


def _flag_letters_before(line: str, position: int) -> int:
    count = 0
    while position - count > 0 and _is_flag_letter(line[position - count - 1]):
        count += 1
    return count


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
