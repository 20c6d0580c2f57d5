"""`parse_mode=HTML`: Telegram's tags to text and entities, with its words for tags that it does not know."""

from __future__ import annotations

from html.parser import HTMLParser

from bot.localchat.refusals import Refused
from bot.richtext import Entity, RichText, units

KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}


class _Reader(HTMLParser):
    """Collects text; `length` is that of the text so far, in UTF-16 units (`offset` is the parser's own)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.length = 0
        self.open: list[tuple[str, int, dict[str, str | None]]] = []
        self.entities: list[Entity] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in KINDS:
            raise Refused(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {self._place()}')
        self.open.append((tag, self.length, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise Refused(f"can't parse entities: Unexpected end tag at byte offset {self._place()}")
        _, start, attributes = self.open.pop()
        if self.length > start:
            self._close(tag, start, attributes)

    def _close(self, tag: str, start: int, attributes: dict[str, str | None]) -> None:
        kind, length = KINDS[tag], self.length - start
        language = (attributes.get("class") or "").removeprefix("language-") or None
        if kind == "blockquote" and "expandable" in attributes:
            kind = "expandable_blockquote"
        if kind == "code" and self.open and self.open[-1][0] == "pre":
            self.open[-1][2]["class"] = attributes.get("class")
            return
        url = attributes.get("href") if kind == "text_link" else None
        if kind != "text_link" or url:
            self.entities.append(Entity(kind, start, length, language if kind == "pre" else None, url))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
        self.length += units(data)

    def _place(self) -> int:
        return len("".join(self.parts).encode())


def read_html(source: str) -> RichText:
    """Text and entities of a message in HTML; raises Refused as Telegram does."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    if reader.open:
        raise Refused(f"can't parse entities: Can't find end tag corresponding to start tag \"{reader.open[-1][0]}\"")
    return RichText("".join(reader.parts), tuple(sorted(reader.entities, key=lambda item: (item.offset, -item.length))))
