"""/progress: how far each member is, as a picture and as text, and who does not want to be listed."""

from __future__ import annotations

from bot.charts import Charts, Row, Sheet
from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.message import Outgoing, Rows, button, rows
from bot.chat.names import harmless
from bot.chat.texts import Words
from bot.course import Chapter
from bot.learning.places import chapter_of, first_place
from bot.learning.progress import Place
from bot.learning.study import Deed, Member, Study, study
from bot.richtext import RichText, units

CAPTION_UNITS = 1024
"""Bot API, sendPhoto."""
LISTED = 24
"""Members in one picture; a larger one is a strip that no phone shows readably."""
BAR = 10


class StudyDesk:
    """Reads who did what, and shows it."""

    def __init__(self) -> None:
        self._charts = Charts()

    async def show(self, talk: Conversation) -> None:
        """The picture with the text below it; where no picture can be drawn, the text."""
        chapter = _chapter(talk)
        if chapter is None:
            return await talk.say("note.no_chapters")
        await talk.kit.sender.typing(talk.scope)
        found = await self._study(talk, chapter)
        text, keys = _text(talk.words, chapter, found), _keys(talk)
        picture = await self._charts.picture(_sheet(talk.words, chapter, found)) if found.members else None
        if picture is None:
            return await talk.post(Outgoing(RichText(text), keys))
        if units(text) <= CAPTION_UNITS:
            await talk.kit.sender.photo(talk.scope, picture, RichText(text), keys)
        else:
            await talk.kit.sender.photo(talk.scope, picture)
            await talk.post(Outgoing(RichText(text), keys))

    async def _study(self, talk: Conversation, chapter: Chapter) -> Study:
        completions = await talk.kit.store.completions.of(talk.scope)
        deeds = [Deed(one.user_id, one.user_name, Place(one.chapter, one.step)) for one in completions]
        return study(chapter, deeds, await talk.kit.store.unlisted.of(talk.scope))

    async def tap(self, talk: Conversation, cause: Cause) -> None:
        """Take one's own name out of the list, or put it back."""
        unlisted = talk.kit.store.unlisted
        if cause.person.id in await unlisted.of(talk.scope):
            await unlisted.rejoin(talk.scope, cause.person.id)
            await talk.answer(cause, talk.words("study.listed"))
        else:
            await unlisted.leave(talk.scope, cause.person.id)
            await talk.answer(cause, talk.words("study.left"))


def _chapter(talk: Conversation) -> Chapter | None:
    """The chapter that the conversation is in, or the first."""
    course = talk.kit.course
    place = talk.progress.place or first_place(course)
    return chapter_of(course, place.chapter) if place else None


def _text(words: Words, chapter: Chapter, found: Study) -> str:
    lines = [words("study.title", chapter=chapter.number, title=chapter.titles[words.language])]
    lines += [_line(words, member, len(found.steps)) for member in found.members[:LISTED]]
    if not found.members:
        lines.append(words("study.nobody"))
    others = found.unlisted + max(0, len(found.members) - LISTED)
    if others:
        lines.append(words("study.others", n=others))
    return "\n".join(lines)


def _line(words: Words, member: Member, steps: int) -> str:
    filled = round(BAR * len(member.done) / max(1, steps))
    bar = "●" * filled + "○" * (BAR - filled)
    return words("study.row", bar=bar, done=len(member.done), steps=steps, name=harmless(member.name))


def _sheet(words: Words, chapter: Chapter, found: Study) -> Sheet:
    titles = tuple(step.texts[words.language].title for step in found.steps)
    people = tuple(
        Row(member.name, tuple(Place(chapter.id, step.id) in member.done for step in found.steps))
        for member in found.members[:LISTED]
    )
    title = words("study.picture", chapter=chapter.number, title=chapter.titles[words.language])
    numbers = tuple(chapter.index(step.id) + 1 for step in found.steps)
    return Sheet(title, numbers, titles, people)


def _keys(talk: Conversation) -> Rows:
    return rows((button(talk.words("study.toggle"), "unlist"),)) if talk.shared else ()
