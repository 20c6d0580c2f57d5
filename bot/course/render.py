"""Markdown to a Telegram message: a short list of nodes, everything else is a fault with its line.

Known are paragraphs, headings (bold lines), bold, italic, code, web links, flat lists, quotes, small tables, and
fenced blocks: `sh run` (shown, and gets a Run button), `sh`, `text` and `html` (shown).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markdown_it.token import Token

from bot.course import tables
from bot.course.emphasis import parser
from bot.course.inline import Report, plain, write_inline
from bot.course.model import RunBlock
from bot.course.writer import Writer
from bot.richtext import RichText

RUN = "sh run"
SHOWN = ("sh", "text", "html")
"""The info strings of a block that is only shown; each is also the `pre` entity's language."""

_PARAGRAPH = "\n\n"
_BOX = "\n"
"""Clients draw a `pre` or a quote as a box with room around it: one line break beside it is enough."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A body, its run blocks and the line of each, counted from 0 at the body's start."""

    body: RichText
    blocks: tuple[RunBlock, ...]
    block_lines: tuple[int, ...]


def render(source: str, report: Report) -> Rendered:
    """Render a body; what cannot be shown is reported."""
    tokens = parser().parse(source)
    renderer = _Renderer(report, numbered=sum(token.info.strip() == RUN for token in tokens) > 1)
    for token in tokens:
        renderer.take(token)
    return renderer.finish()


class _Renderer:
    """Takes markdown-it's block tokens one after the other."""

    def __init__(self, report: Report, *, numbered: bool) -> None:
        """`numbered`: there are several Run buttons, so each block says which one is its own."""
        self._writer = Writer()
        self._numbered = numbered
        self._blocks: list[RunBlock] = []
        self._block_lines: list[int] = []
        self._line = 0
        self._report_at = report
        self._gap = ""
        self._inside = ""
        """The block that may hold no other: "list", "quote", "table" or nothing."""
        self._number: int | None = None
        self._filled = False
        """Has the list item or the quote a paragraph already?"""
        self._rows: list[list[str]] = []
        self._table_line = 0
        self._handlers: dict[str, Callable[[Token], None]] = {
            "paragraph_open": self._paragraph,
            "heading_open": self._heading,
            "heading_close": lambda token: self._writer.close(),
            "blockquote_open": self._quote,
            "blockquote_close": self._quote_end,
            "bullet_list_open": self._list,
            "ordered_list_open": self._list,
            "list_item_open": self._item,
            "bullet_list_close": self._leave,
            "ordered_list_close": self._leave,
            "fence": self._fence,
            "table_open": self._table,
            "tr_open": lambda token: self._rows.append([]),
            "table_close": self._table_end,
            "inline": self._text,
        }
        ends = ("paragraph", "list_item", "tr", "th", "td", "thead", "tbody")
        starts = ("th", "td", "thead", "tbody")
        self._silent = {f"{name}_close" for name in ends} | {f"{name}_open" for name in starts}

    def take(self, token: Token) -> None:
        self._line = token.map[0] if token.map else self._line
        if token.type in self._handlers:
            self._handlers[token.type](token)
        elif token.type not in self._silent:
            self._report(f"{token.type!r} cannot be shown in a message")

    def finish(self) -> Rendered:
        return Rendered(self._writer.finish(), tuple(self._blocks), tuple(self._block_lines))

    def _report(self, problem: str) -> None:
        self._report_at(self._line, problem)

    def _begin(self, gap: str = _PARAGRAPH, *, after: str = _PARAGRAPH) -> None:
        """Keep the smaller of the distances that this block and the one before it want."""
        self._writer.text(min(self._gap, gap, key=len))
        self._gap = after

    def _enter(self, block: str) -> None:
        if self._inside:
            self._report(f"a {block} inside a {self._inside} finds no room on a phone")
        self._inside = block
        self._filled = False

    def _leave(self, token: Token) -> None:
        self._inside = ""

    def _paragraph(self, token: Token) -> None:
        if not self._inside:
            self._begin()
        elif self._filled:
            if self._inside == "list":
                self._report("a list item holds one paragraph")
            self._writer.text("\n")
        self._filled = True

    def _heading(self, token: Token) -> None:
        if self._inside:
            self._report(f"a heading inside a {self._inside} finds no room on a phone")
        self._begin()
        self._writer.open("bold")

    def _quote(self, token: Token) -> None:
        self._enter("quote")
        self._begin(_BOX, after=_BOX)
        self._writer.open("blockquote")

    def _quote_end(self, token: Token) -> None:
        self._writer.close()
        self._leave(token)

    def _list(self, token: Token) -> None:
        self._enter("list")
        self._number = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
        self._begin()

    def _item(self, token: Token) -> None:
        self._writer.text("\n" if self._filled else "")
        self._filled = False
        if self._number is None:
            self._writer.text("• ")
        else:
            self._writer.text(f"{self._number}. ")
            self._number += 1

    def _fence(self, token: Token) -> None:
        info, content = token.info.strip(), token.content.rstrip("\n")
        if self._inside:
            self._report(f"a code block inside a {self._inside} finds no room on a phone")
        if info != RUN and info not in SHOWN:
            self._report(f"a code block is one of {', '.join((RUN, *SHOWN))}; this one says {info!r}")
        if not content.strip():
            self._report("the code block is empty")
        if info == RUN:
            self._run_block(content)
        self._box(content, "sh" if info == RUN else info)

    def _run_block(self, command: str) -> None:
        self._blocks.append(RunBlock(command))
        self._block_lines.append(self._line)
        if self._numbered:
            self._begin(_BOX, after=_BOX)
            self._writer.marked("bold", f"▶ {len(self._blocks)}")

    def _box(self, content: str, language: str) -> None:
        self._begin(_BOX, after=_BOX)
        self._writer.marked("pre", content, language=language)

    def _table(self, token: Token) -> None:
        self._enter("table")
        self._rows = []
        self._table_line = self._line

    def _table_end(self, token: Token) -> None:
        self._leave(token)
        lines = tables.layout(self._rows)
        if tables.is_too_wide(lines):
            self._report_at(self._table_line, f"the table is wider than {tables.MAX_CELLS} cells (Hangul counts two)")
        self._box("\n".join(lines), "text")

    def _text(self, token: Token) -> None:
        if self._inside == "table":
            self._rows[-1].append(plain(token, self._line, self._report_at))
        else:
            write_inline(self._writer, token, self._line, self._report_at)
