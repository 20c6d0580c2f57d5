"""Markdown whose `**bold**` works next to Hangul.

CommonMark takes the closing marks of `**docker run(명령)**은` for opening ones: punctuation stands before them
and a letter after them. The amendment of markdown-cjk-friendly (https://github.com/tats-u/markdown-cjk-friendly)
lets a CJK character beside the marks count as a space would; here it is applied to `*`. An underscore is always
itself: `quirky_hugle` stays whole.
"""

from __future__ import annotations

import unicodedata

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_CJK = ((0x1100, 0x11FF), (0x2E80, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F))
"""Blocks of Hangul, Kana, Han and their punctuation; with the full-width forms, what the amendment calls CJK."""
_FULL_WIDTH = (0xFF00, 0xFFEF)


def parser() -> MarkdownIt:
    """CommonMark and tables; raw HTML is off, so that `<name>` is text."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.inline.ruler.at("emphasis", _marks)
    return markdown


def _marks(state: StateInline, silent: bool) -> bool:
    """Put each `*` of a run into the delimiter list, as markdown-it's own rule does, with the amended flanking."""
    start = state.pos
    if silent or state.src[start] != "*":
        return False
    end = start
    while end < state.posMax and state.src[end] == "*":
        end += 1
    before = state.src[start - 1] if start else " "
    after = state.src[end] if end < state.posMax else " "
    for _ in range(end - start):
        token = state.push("text", "", 0)
        token.content = "*"
        place = len(state.tokens) - 1
        opens, closes = _flanks(after, before), _flanks(before, after)
        state.delimiters.append(Delimiter(ord("*"), end - start, place, -1, opens, closes))
    state.pos = end
    return True


def _flanks(inner: str, outer: str) -> bool:
    """May marks between these two hold text on the `inner` side?"""
    if inner.isspace():
        return False
    return not _is_punctuation(inner) or outer.isspace() or _is_punctuation(outer) or _is_cjk(outer)


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS" and not _is_cjk(character)


def _is_cjk(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in (*_CJK, _FULL_WIDTH))
