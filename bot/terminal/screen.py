"""The screen that a program draws on: asciinema's emulator, made safe for bytes from anywhere."""

from __future__ import annotations

import codecs
from typing import Final, NamedTuple

from avt import Cell, Line, Vt
from avt.util import TextUnwrapper

from bot.terminal.glyphs import Glyphs
from bot.terminal.log import MAX_LINE, Log


class Size(NamedTuple):
    """A pty's size in character cells."""

    columns: int
    rows: int


class Cursor(NamedTuple):
    """Where the next character goes, counted from 0. `column` equals the width after the last cell was written."""

    row: int
    column: int
    visible: bool


LINE_SIZE: Final = Size(80, 24)
"""Line mode. Lines that the terminal itself wraps are put together again, so 80 columns break no table, and below 110
columns `docker pull` leaves out its bars, which a phone could not show."""

PHONE_SIZE: Final = Size(40, 20)
"""Full-screen programs: what a phone shows of a code block without wrapping it, and half a phone's height."""

SCROLLBACK: Final = 200
"""Lines kept above the screen in the emulator: more than a message shows; older ones go to the log."""

_LARGEST: Final = Size(500, 200)
"""Bounds the emulator's memory whatever a caller asks for."""

_SMALLEST: Final = 2
"""Columns and rows at least: the emulator cannot reflow into a single column."""

_UNDERLINE: Final = "\u0332"
"""A combining line below: it marks a character without taking a column."""

_C1_CONTROLS: Final = dict.fromkeys(range(0x80, 0xA0))
"""Eight-bit controls (`U+009D` begins an OSC, for one) would get past the scanner; UTF-8 programs do not use them."""


class Screen:
    """Bytes in, text out. Memory is bounded by the size, the scrollback and the log."""

    def __init__(self, size: Size = LINE_SIZE, *, scrollback: int = SCROLLBACK) -> None:
        self._scrollback = scrollback
        self._size = _clamped(size)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._log = Log()
        self._glyphs = Glyphs()
        self._alternate = False
        self._leaving: list[Line] = []
        self._vt = self._new_emulator()

    @property
    def size(self) -> Size:
        return self._size

    @property
    def alternate(self) -> bool:
        """Whether a full-screen program has the screen."""
        return self._alternate

    @property
    def cursor(self) -> Cursor:
        cursor = self._vt.cursor
        return Cursor(cursor.row, cursor.col, cursor.visible)

    @property
    def application_keys(self) -> bool:
        """Whether the program wants arrow keys in their application form (DECCKM)."""
        return self._vt.cursor_key_app_mode

    @property
    def log(self) -> Log:
        """The lines that have left the scrollback."""
        return self._log

    def feed(self, data: bytes) -> None:
        """Draws `data`, which may end inside a character. Decomposed letters are composed, and what has no letter of
        its own keeps its marks, each in one cell with its letter."""
        text = self._decoder.decode(data)
        if not text.isascii():
            text = self._glyphs.encode(text.translate(_C1_CONTROLS))
        if text:
            self._keep(self._draw(text))

    def switch(self, alternate: bool) -> None:
        """Notes what the stream said about the alternate screen: the emulator switches by itself, but does not tell."""
        self._alternate = alternate

    def resize(self, size: Size) -> None:
        """A new size; the text is wrapped anew."""
        self._size = _clamped(size)
        try:
            _, leaving = self._vt.resize(*self._size)
        except BaseException as error:
            self._recover(error)
        else:
            self._keep(leaving)

    def lines(self) -> tuple[str, ...]:
        """Scrollback and screen as lines of text, wrapped ones put together, without the empty ones at the end."""
        lines = [self.glyph(line) for line in self._vt.text()]
        while lines and not lines[-1]:
            lines.pop()
        return tuple(lines)

    def view(self, *, cursor: str = "") -> tuple[str, ...]:
        """The rows that are on the screen now, without trailing blanks; as many as the size has.

        `cursor` is put where a visible cursor stands on a blank; a character there is underlined instead.
        """
        rows = self._vt.view()
        texts = [self.glyph(row.text.rstrip()) for row in rows]
        place = self.cursor
        if cursor and place.visible:
            texts[place.row] = self.glyph(_with_cursor(rows[place.row], place.column, cursor))
        return tuple(texts)

    def glyph(self, text: str) -> str:
        """The text of cells as it was written: marks, and joined emoji, which a cell has a stand-in for."""
        return self._glyphs.decode(text)

    def rows(self) -> list[Line]:
        """The rows on the screen as cells with their pens, for a picture."""
        return self._vt.view()

    def logical_rows(self) -> list[list[Cell]]:
        """As `lines`, but cells with their pens: what was wrapped is one row again, however wide."""
        unwrapper = TextUnwrapper()
        rows: list[list[Cell]] = [[]]
        for line in self._vt.lines():
            rows[-1].extend(line.cells)
            if unwrapper.push(line) is not None:
                rows.append([])
        while rows and all(cell.is_default() or cell.char == " " for cell in rows[-1]):
            rows.pop()
        return rows

    @property
    def width(self) -> int:
        """Columns of the widest line in scrollback and screen: beyond a phone's, a picture shows it better."""
        unwrapper = TextUnwrapper()
        widest = before = 0
        for line in self._vt.lines():
            widest = max(widest, before + _written(line))
            before = before + len(line) if unwrapper.push(line) is None else 0
        return widest

    def gap_before_cursor(self) -> int | None:
        """Blank cells between the end of the last text and the cursor; None when the cursor is not behind that text.

        After a prompt such as `/ # ` the last blank is part of what the program wrote, but not of the line's text.
        """
        cursor = self.cursor
        rows = self._vt.view()
        if not cursor.visible or any(_written(row) for row in rows[cursor.row + 1 :]):
            return None
        gap = cursor.column - _written(rows[cursor.row])
        return gap if gap >= 0 else None

    def transcript(self) -> str:
        """All that was written, up to the bounds of the log; a cut middle is marked by `[… n lines …]`."""
        log = self._log
        middle = f"[… {log.dropped} lines …]" if log.dropped else ""
        return "\n".join((*filter(None, (log.head(), middle, log.tail())), *self._lines_after_log())) + "\n"

    def _lines_after_log(self) -> tuple[str, ...]:
        """As `lines`, but a first line whose beginning has left the scrollback is whole."""
        if not self._leaving or self._alternate:
            return self.lines()
        unwrapper = TextUnwrapper()
        pushed = [unwrapper.push(line) for line in (*self._leaving, *self._vt.lines())]
        lines = [self.glyph(line) for line in (*pushed, unwrapper.flush()) if line is not None]
        while lines and not lines[-1]:
            lines.pop()
        return tuple(lines)

    def _new_emulator(self) -> Vt:
        self._leaving = []
        self._unwrapper = TextUnwrapper()
        return Vt(*self._size, self._scrollback)

    def _draw(self, text: str) -> list[Line]:
        try:
            _, leaving = self._vt.feed_str(text)
        except BaseException as error:
            self._recover(error)
            return []
        return leaving

    def _recover(self, error: BaseException) -> None:
        """A panic in the emulator costs the screen, never the process; PyO3 raises panics outside of Exception."""
        if type(error).__name__ != "PanicException":
            raise error
        self._vt = self._new_emulator()

    def _keep(self, leaving: list[Line]) -> None:
        """Writes lines that left the scrollback to the log, the pieces of a wrapped one as one line."""
        for line in leaving:
            whole = self._unwrapper.push(line)
            if whole is None:
                self._leaving.append(line)
                if len(self._leaving) * self._size.columns < MAX_LINE:
                    continue
                whole = self._unwrapper.flush() or ""
            self._log.add(self.glyph(whole))
            if self._leaving:
                self._leaving = []


def _clamped(size: Size) -> Size:
    return Size(*(max(_SMALLEST, min(wanted, most)) for wanted, most in zip(size, _LARGEST, strict=True)))


def _with_cursor(row: Line, column: int, cursor: str) -> str:
    """The row's text with the cursor in it; every cell keeps its column."""
    cells = row.cells
    column = min(column, len(cells) - 1)
    while column and not cells[column].width:  # the second half of a wide character
        column -= 1
    before = "".join(cell.char for cell in cells[:column] if cell.width)
    after = "".join(cell.char for cell in cells[column + 1 :] if cell.width)
    here = cells[column].char
    return (before + (cursor if here == " " else here + _UNDERLINE) + after).rstrip()


def _written(row: Line) -> int:
    """Columns up to the row's last visible character."""
    width = 0
    for column, cell in enumerate(row.cells):
        if cell.char != " ":
            width = column + cell.width
    return width
