"""What stands inside a line of Markdown: text, code, bold, italic, web links."""

from __future__ import annotations

from collections.abc import Callable

from markdown_it.token import Token

from bot.course.writer import Writer

Report = Callable[[int, str], None]
"""Takes a line, counted from 0 at the body's start, and what is wrong there."""

_MARKS = {"strong_open": "bold", "em_open": "italic"}
_BREAKS = {"softbreak": " ", "hardbreak": "\n"}


def write_inline(writer: Writer, token: Token, line: int, report: Report) -> None:
    """Write the children of an `inline` token whose text starts at `line`."""
    for child in token.children or ():
        if child.type == "text":
            writer.text(child.content)
        elif child.type == "code_inline":
            writer.marked("code", child.content)
        elif child.type in _BREAKS:
            writer.text(_BREAKS[child.type])
            line += 1
        elif child.type in _MARKS:
            writer.open(_MARKS[child.type])
        elif child.type == "link_open":
            _open_link(writer, str(child.attrs.get("href", "")), line, report)
        elif child.nesting < 0:
            writer.close()
        else:
            report(line, f"{child.type!r} cannot be shown in a message")


def plain(token: Token, line: int, report: Report) -> str:
    """The text of a table's cell, where a monospaced block leaves no room for marks."""
    children = token.children or []
    if any(child.type not in ("text", "code_inline") for child in children):
        report(line, "a table's cell holds text and code only")
    return "".join(child.content for child in children)


def _open_link(writer: Writer, address: str, line: int, report: Report) -> None:
    if not address.startswith(("https://", "http://")):
        report(line, f"a link needs a whole web address, not {address!r}")
    writer.open("text_link", url=address)
