"""What the terminal says when a program asks about it: the answers of a plain xterm with a dark background."""

from __future__ import annotations

from bot.terminal.marks import Question
from bot.terminal.screen import Screen

_FIXED = {
    # A VT220 with ANSI colours; nothing that would make a program ask further.
    Question.ATTRIBUTES: b"\x1b[?62;22c",
    # Version 10: vim turns to termcap questions from 141 on, and to mouse modes from 95 on.
    Question.SECONDARY_ATTRIBUTES: b"\x1b[>0;10;0c",
    Question.STATUS: b"\x1b[0n",
    Question.VERSION: b"\x1bP>|Dosirak\x1b\\",
    # The colours of bot.terminal.picture, so that programs choose colours for a dark background.
    Question.FOREGROUND: b"\x1b]10;rgb:d8d8/dede/e9e9\x1b\\",
    Question.BACKGROUND: b"\x1b]11;rgb:1b1b/1f1f/2727\x1b\\",
}


def answer(question: Question, screen: Screen) -> bytes:
    """The reply's bytes for the pty; positions count from 1, as ECMA-48 has them."""
    row, column = screen.cursor.row + 1, min(screen.cursor.column + 1, screen.size.columns)
    match question:
        case Question.CURSOR:
            return b"\x1b[%d;%dR" % (row, column)
        case Question.CURSOR_EXTENDED:
            return b"\x1b[?%d;%d;1R" % (row, column)
        case Question.SIZE:
            return b"\x1b[8;%d;%dt" % (screen.size.rows, screen.size.columns)
    return _FIXED[question]
