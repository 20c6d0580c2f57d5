"""Building a RichText from left to right."""

from __future__ import annotations

from bot.richtext import Entity, RichText, units


class Writer:
    """Text and entities as they grow; marks nest, and a mark that holds no text leaves no entity."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._units = 0
        self._open: list[tuple[str, int, str | None, str | None]] = []
        self._entities: list[Entity] = []

    def text(self, text: str) -> None:
        self._parts.append(text)
        self._units += units(text)

    def open(self, kind: str, *, language: str | None = None, url: str | None = None) -> None:
        self._open.append((kind, self._units, language, url))

    def close(self) -> None:
        """End the mark that was opened last."""
        kind, offset, language, url = self._open.pop()
        if self._units > offset:
            self._entities.append(Entity(kind, offset, self._units - offset, language, url))

    def marked(self, kind: str, text: str, *, language: str | None = None) -> None:
        self.open(kind, language=language)
        self.text(text)
        self.close()

    @property
    def is_empty(self) -> bool:
        return not self._units

    def finish(self) -> RichText:
        """What was written, entities sorted by offset, the outer one first."""
        return RichText(
            "".join(self._parts), tuple(sorted(self._entities, key=lambda each: (each.offset, -each.length)))
        )
