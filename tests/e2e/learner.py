"""A learner who speaks one of the two languages, so that one script plays in both.

Where words differ, an act takes both: `await learner.presses("▶ 실행", "▶ Run")`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.course import Course, StepText
from bot.identity import Language
from tests.chatclient import Member, Seen

PATIENCE = 30.0
"""Seconds for one answer: the bot sends one message a second to a chat, and two learners share two cores."""


@dataclass(frozen=True)
class Learner:
    """One person in their private chat with the bot, in the middle of the course."""

    member: Member
    language: Language
    course: Course

    def word(self, korean: str, english: str | None = None) -> str:
        return korean if english is None or self.language is Language.KOREAN else english

    async def says(self, text: str) -> Seen:
        return await self.member.says(text)

    async def presses(self, korean: str, english: str | None = None, *, on: Seen | None = None) -> str:
        if on is not None:
            on = self.member.now(on)
        return await self.member.presses(self.word(korean, english), on=on, timeout=PATIENCE)

    async def sees(self, korean: str, english: str | None = None) -> Seen:
        return await self.member.sees(self.word(korean, english), timeout=PATIENCE)

    async def sees_button(self, korean: str, english: str | None = None) -> Seen:
        return await self.member.sees_button(self.word(korean, english), timeout=PATIENCE)

    async def gets(self, piece: str) -> Seen:
        """A command has ended, and `piece` is in its message."""
        again = self.word("🔁 다시", "🔁 Again")
        return await self.member.sees_where(
            lambda seen: piece in seen.text and seen.text.startswith("$ ") and seen.button(again) is not None,
            f"{piece!r} in an ended command",
            timeout=PATIENCE,
        )

    async def has_picture(self) -> None:
        """The newest picture opens; a drawing has far more bytes than an empty one."""
        sizes = self.messages_with("", "photo")[-1].shape["photo"]
        assert len(await self.member.opens(sizes[-1]["file_id"])) > 10_000

    def messages_with(self, piece: str, kind: str = "text") -> list[Seen]:
        """The bot's messages that have `piece` now, oldest first."""
        return [seen for seen in self.member.messages if seen.from_bot and kind in seen.shape and piece in seen.text]

    async def goes_on_to(self, number: int) -> Seen:
        """Next, and the step with this number is there."""
        await self.presses("다음 ▶", "Next ▶")
        return await self.reads(number)

    async def reads(self, number: int) -> Seen:
        """The step's message is there."""
        steps = self.course.chapters[0].steps
        title = self._step(number).title
        return await self.sees(f"1장 · {number}/{len(steps)}  {title}", f"Chapter 1 · {number}/{len(steps)}  {title}")

    async def has_done(self, number: int) -> Seen:
        """The bot says by itself that this step's check has passed, in the step's own words."""
        return await self.sees(f"✅ {self._step(number).done}")

    def _step(self, number: int) -> StepText:
        return self.course.chapters[0].steps[number - 1].texts[self.language]


# --- what must not be English -----------------------------------------------------------------------------------------

LATIN = re.compile(r"[A-Za-z][A-Za-z'’-]*")
NAMES = re.compile(r"[a-z]+_[a-z]+|[\w.-]+/[\w./-]+|\$ .*")
"""A container, an image, a command line on top of its logs."""


def latin_words(message: Seen) -> set[str]:
    """Latin words of a bot's message outside code, terminal output, links and buttons."""
    text = message.text.encode("utf-16-le")
    for entity in _literal(message):
        start, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
        text = text[:start] + " ".encode("utf-16-le") * entity["length"] + text[end:]
    return set(LATIN.findall(NAMES.sub("", text.decode("utf-16-le"))))


def _literal(message: Seen) -> Iterator[dict[str, Any]]:
    entities = message.shape.get("entities") or message.shape.get("caption_entities") or ()
    return (entity for entity in entities if entity["type"] in ("code", "pre", "text_link", "url"))
