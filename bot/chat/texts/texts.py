"""Reads the texts and fills them in."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Any

from bot.identity import Language
from bot.richtext import RichText, joined, marked

FOLDER = Path(__file__).parent
GROUP = "_group"


class Words:
    """The texts of one language; keys are dotted (`step.run`)."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, /, **values: object) -> str:
        """The text with its placeholders filled in; KeyError for an unknown key or a missing value."""
        text = self._texts[key]
        return text.format(**values) if values else text

    def coded(self, key: str, code: Mapping[str, object], /, **values: object) -> RichText:
        """The same as a rich text in which the values of `code` are set as code. For names that a learner has given:
        of `web.site`, `@name` or `/name` Telegram would make a link, a mention or a command."""
        parts: list[RichText | str] = []
        for before, name, _, _ in Formatter().parse(self._texts[key]):
            parts.append(before)
            if name is not None:
                parts.append(marked("code", str(code[name])) if name in code else str(values[name]))
        return joined(parts)

    @cached_property
    def for_group(self) -> Words:
        """The same for a chat with several people: where `key_group` stands beside `key`, it is said instead."""
        group = {key.removesuffix(GROUP): text for key, text in self._texts.items() if key.endswith(GROUP)}
        return Words(self.language, {**self._texts, **group})

    @property
    def texts(self) -> Mapping[str, str]:
        return self._texts


def read_texts(folder: Path = FOLDER) -> dict[Language, Words]:
    """All languages."""
    return {language: Words(language, dict(_read(folder / f"{language}.toml"))) for language in Language}


def _read(path: Path) -> Iterator[tuple[str, str]]:
    yield from _flat(tomllib.loads(path.read_text("utf-8")), "")


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
