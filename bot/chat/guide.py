"""Messages that show the way: the welcome, the lists of chapters and steps, a chapter's end, help."""

from __future__ import annotations

from bot.chat.lesson import Lesson
from bot.chat.message import Button, Outgoing, button, in_rows, rows
from bot.chat.texts import Words
from bot.course import Chapter, Course, Step
from bot.identity import Language
from bot.learning.effects import ShowChapterEnd
from bot.learning.places import places_of
from bot.learning.progress import Place, Progress
from bot.richtext import RichText, joined, marked

NUMBERS_IN_A_ROW = 8
"""Telegram shows at most eight buttons beside each other."""
SKIPPED_SHOWN = 4
"""Steps offered again at a chapter's end; the list has the others."""


class Guide:
    """The messages around the steps, in one language."""

    def __init__(self, course: Course, words: Words) -> None:
        self._course = course
        self._words = words
        self._lesson = Lesson(course, words)

    def welcome(self, place: Place | None, *, resumed: bool) -> Outgoing:
        """The first message; the start button leads to `place`."""
        parts: list[RichText | str] = [marked("bold", self._words("welcome.title")), "\n", self._words("welcome.body")]
        if resumed:
            parts += ["\n\n", self._words("welcome.back")]
        other = next(language for language in Language if language is not self._words.language)
        return Outgoing(
            joined(parts),
            rows(
                (self._starter(place, resumed),),
                (
                    button(self._words("welcome.terminal"), "terminal"),
                    button(self._words("welcome.other_language"), "lang", other),
                ),
            ),
        )

    def _starter(self, place: Place | None, resumed: bool) -> Button | None:
        if place is None:
            return None
        chapter = self._course.chapter(place.chapter)
        if resumed:
            return button(self._words("welcome.resume", step=chapter.index(place.step) + 1), "step", *place)
        return button(self._words("welcome.start", chapter=chapter.number), "step", *place)

    def chapters(self, progress: Progress) -> Outgoing:
        lines = [marked("bold", self._words("chapters.title"))]
        lines += [RichText("\n" + self._chapter_row(chapter, progress)) for chapter in self._course.chapters]
        openers = [
            button(self._words("chapters.open", chapter=chapter.number), "steps", chapter.id)
            for chapter in self._course.chapters
        ]
        return Outgoing(joined(lines), in_rows(openers, 2))

    def _chapter_row(self, chapter: Chapter, progress: Progress) -> str:
        done = sum(place in progress.done for place in places_of(chapter))
        title = chapter.titles[self._words.language]
        return self._words("chapters.row", chapter=chapter.number, title=title, done=done, steps=len(chapter.steps))

    def steps(self, chapter_id: str, progress: Progress) -> Outgoing:
        """All steps with their state, and a number to tap for each."""
        chapter = self._course.chapter(chapter_id)
        title = self._words("steps.title", chapter=chapter.number, title=chapter.titles[self._words.language])
        lines = [self._step_row(chapter, step, progress) for step in chapter.steps]
        numbers = [button(str(number), "step", *place) for number, place in enumerate(places_of(chapter), start=1)]
        half = -(-len(numbers) // 2)
        keyboard = in_rows(numbers, max(1, min(NUMBERS_IN_A_ROW, half)))
        return Outgoing(joined([marked("bold", title), *lines]), keyboard)

    def _step_row(self, chapter: Chapter, step: Step, progress: Progress) -> RichText:
        """Done or not; the own step stands out, done or not."""
        place = Place(chapter.id, step.id)
        here = place == progress.place
        state = "done" if place in progress.done else "here" if here else "open"
        title = step.texts[self._words.language].title
        row = self._words(f"steps.{state}", step=chapter.index(step.id) + 1, title=title)
        return RichText("\n") + (marked("bold", row) if here else row)

    def chapter_end(self, end: ShowChapterEnd) -> Outgoing:
        number = self._course.chapter(end.chapter).number
        said = self._words("end.skipped" if end.skipped else "end.all_done", chapter=number)
        if end.following is None and not end.skipped:
            said += "\n" + self._words("end.last")
        onward = button(self._words("end.next_chapter"), "step", *end.following) if end.following else None
        return Outgoing(
            RichText(said),
            rows(
                *in_rows([self._lesson.opener(place) for place in end.skipped[:SKIPPED_SHOWN]], 2),
                (onward, button(self._words("step.list"), "steps", end.chapter)),
            ),
        )

    def languages(self, names: dict[Language, str]) -> Outgoing:
        """The choice, each language by its own name."""
        choices = [button(name, "lang", language) for language, name in names.items()]
        return Outgoing(RichText(self._words("language.choose")), rows(choices))

    def help(self, commands: tuple[str, ...]) -> Outgoing:
        listed = [self._words("help.row", command=name, text=self._words(f"command.{name}")) for name in commands]
        return Outgoing(
            joined(
                [
                    marked("bold", self._words("help.title")),
                    "\n" + self._words("help.body") + "\n\n" + "\n".join(listed) + "\n\n" + self._words("help.group"),
                ]
            )
        )

    def reset_question(self, containers: int) -> Outgoing:
        """What goes and what stays, before anything goes."""
        said = self._words("reset.ask")
        if containers:
            said += "\n" + self._words("reset.running", containers=containers)
        yes, no = button(self._words("reset.yes"), "reset", "yes"), button(self._words("reset.no"), "reset", "no")
        return Outgoing(RichText(said), rows((yes, no)))
