"""A small table as monospaced text: Telegram's messages have none of their own."""

from __future__ import annotations

from collections.abc import Sequence

from wcwidth import wcswidth

MAX_CELLS = 34
"""Columns of monospaced text that a 412 dp phone shows on one line; narrower phones wrap the last word."""

_GAP = "  "


def layout(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with aligned columns; Hangul counts two cells. The last column is not padded."""
    widths = [max(wcswidth(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [_GAP.join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def is_too_wide(lines: Sequence[str]) -> bool:
    return any(wcswidth(line) > MAX_CELLS for line in lines)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - wcswidth(cell))
