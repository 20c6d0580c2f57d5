"""Characters that are more than one code point: a letter with its accents, an emoji that is joined of several.

The emulator gives each code point cells of its own. Programs in a lab count otherwise: a mark has no width, and a
joined emoji has that of its parts (wcwidth, as bash, vim and the coreutils use it). So each such cluster is drawn as
one stand-in of its first character's width, blanks fill what its other parts would have taken, and whoever reads the
screen gets the cluster back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from avt import Vt

MOST: Final = 1024
"""Different clusters on one screen; a text has some dozens. Of more than that, only the first characters are drawn."""

_NARROW: Final = 0xF0000
_WIDE: Final = 0x17000
"""Where stand-ins are taken from: a private plane, and Tangut, a script of the twelfth century, two cells wide."""

_JOINER: Final = "\u200d"
_TEXT_OR_EMOJI: Final = "\ufe0e\ufe0f"
_ESCAPE: Final = re.compile("(\x1b(?:\\[[0-?]*[ -/]*[@-~]|[ -/]*[0-Z\\\\^-~])|[\x00-\x1f\x7f])")
_MAY_HAVE_NO_WIDTH: Final = re.compile(
    "[\u0300-\u1fff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u302a-\u302f\u3099\u309a"
    "\ua66f-\uabff\ufb1e\ufe00-\ufe2f\ufeff\U00010000-\U0010ffff]"
)
_RESERVED: Final = {
    **dict.fromkeys(range(_NARROW, _NARROW + MOST), "\ufffd"),
    **dict.fromkeys(range(_WIDE, _WIDE + MOST), "〓"),
}
"""What a program itself writes of these, it does not get back as somebody's accent."""


class Glyphs:
    """The stand-ins of one screen."""

    def __init__(self) -> None:
        self._stand_ins: dict[str, str] = {}
        self._clusters: dict[int, str] = {}
        self._last = ""

    def encode(self, text: str) -> str:
        """For the emulator: every cluster as one stand-in, decomposed letters composed.

        A mark at the beginning belongs to the end of the last text.
        """
        if not _MAY_HAVE_NO_WIDTH.search(text):
            self._last = "" if text[-1:].isascii() else text[-1]
            return text
        drawn: list[str] = []
        for number, piece in enumerate(_ESCAPE.split(text)):
            if number % 2:
                self._last = ""
                drawn.append(piece)
            elif piece:
                drawn.extend(self._text(unicodedata.normalize("NFC", piece.translate(_RESERVED))))
        return "".join(drawn)

    def decode(self, text: str) -> str:
        """What was written where the stand-ins are."""
        return text.translate(self._clusters) if self._clusters and not text.isascii() else text

    def _text(self, text: str) -> Iterator[str]:
        cluster, again = self._last, bool(self._last)
        for character in text:
            if _continues(cluster, character):
                if again:  # its beginning is on the screen already
                    yield "\b" * _cells(cluster)
                    again = False
                cluster += character
            elif not _has_no_width(character):
                if not again:
                    yield self._drawn(cluster)
                cluster, again = character, False
        if not again:
            yield self._drawn(cluster)
        self._last = cluster

    def _drawn(self, cluster: str) -> str:
        if len(cluster) < 2:
            return cluster
        base, width = cluster[0], _cells(cluster[0])
        if width == 1:
            cluster = cluster.translate(dict.fromkeys(map(ord, _TEXT_OR_EMOJI)))  # as an emoji it would be wider
        stand_in = self._stand_ins.get(cluster)
        if stand_in is None and len(cluster) > 1 and len(self._stand_ins) < MOST:
            stand_in = chr((_WIDE if width == 2 else _NARROW) + len(self._stand_ins))
            self._stand_ins[cluster] = stand_in
            self._clusters[ord(stand_in)] = cluster
        return (stand_in or base) + " " * (_cells(cluster) - width)


def _continues(cluster: str, character: str) -> bool:
    """Whether this character is drawn into the cluster before it."""
    if not cluster:
        return False
    if cluster[-1] == _JOINER:
        return _is_pictorial(character) and _is_pictorial(cluster[0])
    if "\U0001f3fb" <= character <= "\U0001f3ff":  # a skin tone
        return _is_pictorial(cluster[0])
    return character == _JOINER or unicodedata.category(character) in {"Mn", "Me"} or _is_jamo_end(character)


def _has_no_width(character: str) -> bool:
    """A mark without anything to be drawn into, or what only steers the text's direction."""
    return unicodedata.category(character) in {"Mn", "Me", "Cf"} and character != "\xad"


def _cells(cluster: str) -> int:
    """The sum of its parts' widths."""
    return sum(_width(one) for one in cluster if not (_has_no_width(one) or _is_jamo_end(one)))


@lru_cache(4096)
def _width(character: str) -> int:
    """As the emulator has it."""
    screen = Vt(4, 1)
    screen.feed_str(character)
    return int(screen.cursor.col)


def _is_pictorial(character: str) -> bool:
    return unicodedata.category(character) == "So" or character >= "\U0001f000"


def _is_jamo_end(character: str) -> bool:
    """The vowel or the end of a Hangul syllable that has no code point of its own."""
    return "\u1160" <= character <= "\u11ff"
