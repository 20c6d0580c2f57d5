"""Fonts for pictures. Reading font files is this package's one exception from "no I/O"; it happens when a picture is
first drawn, never at import."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from bot.terminal import boxes

_FOLDER: Final = Path("/usr/share/fonts/truetype")
_REGULAR: Final = ("nanum/NanumGothicCoding.ttf", "dejavu/DejaVuSansMono.ttf")
_BOLD: Final = ("nanum/NanumGothicCodingBold.ttf", "dejavu/DejaVuSansMono-Bold.ttf")
_SYMBOLS: Final = ("dejavu/DejaVuSansMono.ttf", "dejavu/DejaVuSans.ttf")
_EMOJI: Final = ("noto/NotoColorEmoji.ttf",)

_EMOJI_SIZE: Final = 109
"""The only size that Noto's bitmaps have."""

_ABSENT: Final = "\uffff"
"""No font has a glyph for this, so it shows what a font draws instead of a missing one."""

_CACHED_TILES: Final = 4096
"""Tiles kept for a painter: a screen has some hundred different characters; a tile is half a kilobyte."""


@dataclass(frozen=True, slots=True)
class FontPaths:
    """Where the fonts are; None: not there. Without any, Pillow's own font is used, which has no Hangul."""

    regular: Path | None = None
    bold: Path | None = None
    symbols: Path | None = None
    emoji: Path | None = None


def installed_fonts(folder: Path = _FOLDER) -> FontPaths:
    """The fonts of Debian's fonts-nanum, fonts-dejavu-core and fonts-noto-color-emoji that are installed."""
    found = [next((folder / name for name in names if (folder / name).exists()), None) for names in _ALL]
    return FontPaths(*found)


_ALL: Final = (_REGULAR, _BOLD, _SYMBOLS, _EMOJI)


class Typeface:
    """Fonts at one size, and the cell that they fill."""

    def __init__(self, paths: FontPaths, size: int) -> None:
        self._regular = _load(paths.regular, size)
        self._bold = _load(paths.bold, size) if paths.bold else self._regular
        self._symbols = _load(paths.symbols, size)
        self._emoji = ImageFont.truetype(str(paths.emoji), _EMOJI_SIZE) if paths.emoji else None
        self.width = max(1, round(self._regular.getlength("0")))
        ascent, descent = self._regular.getmetrics()
        self.height = ascent + descent + 2  # a little air between the lines
        self._baseline = ascent + 1
        self.tile = lru_cache(_CACHED_TILES)(self._tile)
        self.emoji_tile = lru_cache(_CACHED_TILES)(self._emoji_tile)

    def _tile(self, character: str, cells: int, bold: bool) -> Image.Image:
        """The character in its cells, as coverage (mode L)."""
        size = self.width * cells, self.height
        if boxes.draws(character):
            return boxes.tile(character, *size)
        image = Image.new("L", size)
        font = self._font_for(character, cells, bold)
        room = size[0] - font.getlength(character)
        draw = ImageDraw.Draw(image)
        draw.text((max(0, room // 2), self._baseline), character, fill=255, font=font, anchor="ls")
        return image

    def _font_for(self, character: str, cells: int, bold: bool) -> ImageFont.FreeTypeFont:
        """The main font, unless it lacks the character or, as Korean fonts do with → and ●, draws it two cells wide."""
        font = self._bold if bold else self._regular
        if character.isascii():
            return font
        fits = font.getlength(character) <= self.width * cells
        return font if fits and _has(font, character) else self._symbols

    def _emoji_tile(self, character: str, cells: int) -> Image.Image | None:
        """The emoji in its cells (mode RGBA), None when it is none or there is no such font."""
        if self._emoji is None or not _is_emoji(character):
            return None
        box = self._emoji.getbbox(character)
        if box[2] <= box[0]:
            return None
        image = Image.new("RGBA", (int(box[2]), int(box[3])))
        ImageDraw.Draw(image).text((0, 0), character, font=self._emoji, embedded_color=True)
        side = min(self.width * cells, self.height)
        small = image.crop(image.getbbox()).resize((side, side), Image.Resampling.BOX)
        tile = Image.new("RGBA", (self.width * cells, self.height))
        tile.paste(small, ((tile.width - side) // 2, (tile.height - side) // 2))
        return tile


def _load(path: Path | None, size: int) -> ImageFont.FreeTypeFont:
    if path is not None:
        return ImageFont.truetype(str(path), size)
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # with a size, Pillow gives its TrueType default
    return font


def _has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Whether the font draws the character itself and not its sign for a missing one."""
    return bytes(font.getmask(character)) != bytes(font.getmask(_ABSENT))


def _is_emoji(character: str) -> bool:
    """Symbols that a text font does not have, or has in black and white only; ✓ and ✗ stay text."""
    return character >= "\U0001f000" or character in "⌚⏰⏳⚡⛔✅❌❓❗➕➖⭐⭕"
