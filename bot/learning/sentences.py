"""Is a message a command, or a person talking? And which step explains what they ask about?"""

from __future__ import annotations

import re

from bot.course.model import Course
from bot.identity import Language
from bot.learning.places import chapter_of, places_of
from bot.learning.progress import Place

HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
SHELL_SIGNS = re.compile(r"[=/$`|&;<>\"'\\(){}]")
ENGLISH_OPENERS = frozenset(
    (
        "what",
        "how",
        "why",
        "please",
        "explain",
        "hello",
        "hi",
        "thanks",
        "thank",
        "hey",
        "could",
        "should",
        "does",
        "tell",
        "i",
        "i'm",
        "i've",
    )
)
"""Words that open an English sentence and name no command on a Debian system (`which`, `who`, `help` do)."""
ENGLISH_QUESTIONS = ENGLISH_OPENERS | frozenset(
    ("which", "who", "when", "where", "is", "are", "can", "do", "did", "will", "would")
)
"""Words that open a sentence when a question mark ends it."""
WORD = re.compile(r"[0-9A-Za-z\uac00-\ud7a3]+")


def is_sentence(text: str) -> bool:
    """True when `text` is plainly not a command: a Hangul sentence, or an English question or greeting."""
    lines = text.strip().splitlines()
    if not lines:
        return False
    # Of several lines the first tells: a command's is one, whatever it then gives to its program to read.
    words = lines[0].split()
    if _is_hangul_sentence(words):
        return True
    opener = words[0].strip(",.!?").lower()
    opener = opener.removesuffix("'s").removesuffix("'re")  # "what's" would open a quote in the shell
    asks = text.rstrip().endswith(("?", "？"))
    return (opener in ENGLISH_OPENERS) or (asks and len(words) > 1 and opener in ENGLISH_QUESTIONS)


def _is_hangul_sentence(words: list[str]) -> bool:
    first = words[0]
    if HANGUL.search(first):
        return not SHELL_SIGNS.search(first)
    rest = " ".join(words[1:])
    if not HANGUL.search(rest) or SHELL_SIGNS.search(rest):
        return False
    return rest.endswith(("?", "？")) or (first.lower() == "docker" and bool(HANGUL.match(words[1])))


def step_about(course: Course, chapter_id: str, language: Language, question: str) -> Place | None:
    """The step of this chapter whose title shares most with the question, or else its text; None: nothing shared."""
    chapter = chapter_of(course, chapter_id)
    if chapter is None:
        return None
    asked = [word.lower() for word in WORD.findall(question)]
    best: tuple[float, Place] | None = None
    for place, step in zip(places_of(chapter), chapter.steps, strict=True):
        text = step.texts[language]
        score = _shared(asked, text.title) * 100 + _shared(asked, text.body.text)
        if score > 0 and (best is None or score > best[0]):
            best = (score, place)
    return best[1] if best else None


def _shared(asked: list[str], text: str) -> float:
    """Letters of the question's words that words of `text` begin with, plus the share of `text` that they cover.

    Korean particles hang on the end of a word, so common beginnings are compared, not whole words.
    """
    words = {word.lower() for word in WORD.findall(text)}
    matched = sum(max((_common(word, other) for other in words), default=0) for word in asked)
    return matched + matched / (1 + sum(map(len, words))) if matched else 0


def _common(left: str, right: str) -> int:
    """Length of the common beginning when it says something: two Hangul syllables, or four Latin letters."""
    length = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        length += 1
    return length if length >= (2 if HANGUL.match(left) else 4) else 0
