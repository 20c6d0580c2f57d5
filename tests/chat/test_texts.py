"""Every sentence exists in both languages, with the same blanks to fill in."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from bot.chat.menu import COMMANDS
from bot.chat.texts import Words, read_texts
from bot.identity import Language
from bot.learning.effects import Note, Pointer
from bot.terminal.exits import EXIT_KEYS

TEXTS = read_texts()
CHAT = Path(__file__).resolve().parent.parent.parent / "bot" / "chat"


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys() -> None:
    """A missing sentence would be silence."""
    assert TEXTS[Language.KOREAN].texts.keys() == TEXTS[Language.ENGLISH].texts.keys()


@pytest.mark.parametrize("key", TEXTS[Language.KOREAN].texts)
def test_both_languages_fill_in_the_same_blanks(key: str) -> None:
    """Otherwise one of them would fail when it is said."""
    assert blanks(TEXTS[Language.KOREAN].texts[key]) == blanks(TEXTS[Language.ENGLISH].texts[key])


@pytest.mark.parametrize("words", TEXTS.values(), ids=str)
def test_each_short_answer_and_exit_has_its_words(words: Words) -> None:
    """What the pure floors name, the chat can say."""
    named = {f"note.{note}" for note in Note} | {f"pointer.{pointer}" for pointer in Pointer} | EXIT_KEYS
    assert named | {f"command.{name}" for name in COMMANDS} <= words.texts.keys()


def test_every_key_in_the_code_exists() -> None:
    """A misspelt key would be found by a learner first."""
    code = "\n".join(path.read_text("utf-8") for path in CHAT.rglob("*.py"))
    groups = {key.partition(".")[0] for key in TEXTS[Language.KOREAN].texts}
    used = {key for key in re.findall(r'"([a-z]+\.[a-z_]+)"', code) if key.partition(".")[0] in groups}
    assert used <= TEXTS[Language.KOREAN].texts.keys()


@pytest.mark.parametrize("key", TEXTS[Language.KOREAN].texts)
def test_no_particle_hangs_on_a_blank(key: str) -> None:
    """은/는, 이/가, 을/를, 와/과 and 로/으로 depend on a word that is not known yet."""
    assert not re.search(r"\}(은|는|이|가|을|를|와|과|로|으로)(\s|$|[.,])", TEXTS[Language.KOREAN].texts[key])


@pytest.mark.parametrize("words", TEXTS.values(), ids=str)
def test_short_answers_fit_over_the_screen(words: Words) -> None:
    """A callback's answer has at most 200 characters."""
    assert all(len(text) <= 200 for key, text in words.texts.items() if key.startswith("note."))


def test_korean_speaks_korean() -> None:
    """Only names, commands and keys stay as they are typed."""
    allowed = {
        "asciinema",
        "ctrl",
        "c",
        "p",
        "q",
        "exit",
        "docker",
        "container",
        "ls",
        "all",
        "run",
        "publish",
        "help",
        "steps",
        "reset",
        "sh",
        "driver",
        "detach",
        "close",
        "extend",
        "demo",
        "ban",
        "gib",
    }
    for key, text in TEXTS[Language.KOREAN].texts.items():
        if key == "welcome.other_language":
            continue
        words = {word.lower() for word in re.findall(r"[A-Za-z]+", re.sub(r"\{\w+\}", "", text))}
        assert words <= allowed, key


def test_no_row_shouts() -> None:
    """The tone is calm in both languages."""
    assert not any("!" in text for words in TEXTS.values() for text in words.texts.values())
