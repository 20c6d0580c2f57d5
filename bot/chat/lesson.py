"""Lesson messages: a step with its buttons, and what is said about its check, its hints and its quiz."""

from __future__ import annotations

from bot.chat.message import MAX_COPY, Button, Outgoing, Rows, button, in_rows, rows
from bot.chat.texts import Words
from bot.course import Chapter, Course, Quiz, RunBlock, Step, StepText
from bot.learning.effects import Pointer
from bot.learning.progress import Place
from bot.richtext import RichText, joined, marked

MAX_TOAST = 200
"""Characters of a callback's answer (Bot API, answerCallbackQuery)."""
ONWARD_SHOWN = 28
"""Characters of a command in a button over the whole width of a phone."""
BUTTONS_IN_A_ROW = 4
"""A step's text numbers its commands, so their buttons are short; a fifth one with a word is cut off on a phone."""


class Lesson:
    """The course's messages in one language. Every place that is asked for is in the course."""

    def __init__(self, course: Course, words: Words) -> None:
        self._course = course
        self._words = words
        self._steps: dict[Place, Outgoing] = {}

    def step(self, place: Place) -> Outgoing:
        """The step's text, with what can be done in it and the way on; made once, since everybody is sent the same."""
        if (made := self._steps.get(place)) is None:
            made = self._steps[place] = self._step(place)
        return made

    def _step(self, place: Place) -> Outgoing:
        chapter, step, text = self._find(place)
        number = chapter.index(step.id) + 1
        head = self._words("step.place", chapter=chapter.number, step=number, steps=len(chapter.steps))
        message = joined([head, "  ", marked("bold", text.title), "\n\n", text.body])
        return Outgoing(message, (*self._actions(place, step, text), self._ways(place, chapter, number)))

    def picture(self, place: Place) -> StepText | None:
        """The text whose picture belongs above this step, if it has one."""
        text = self._find(place)[2]
        return text if text.picture else None

    def _actions(self, place: Place, step: Step, text: StepText) -> Rows:
        blocks = text.blocks
        copy = self._copy(blocks[0]) if len(blocks) == 1 else None
        check = button(self._words("step.check"), "check", *place) if step.verify is not None else None
        quiz = button(self._words("step.quiz"), "quiz", *place) if text.quiz else None
        everything = [one for one in (*self._runs(place, blocks), copy, check, quiz) if one]
        return in_rows(everything, BUTTONS_IN_A_ROW)

    def _runs(self, place: Place, blocks: tuple[RunBlock, ...]) -> list[Button]:
        if len(blocks) == 1:
            return [button(self._words("step.run"), "run", *place, 0)]
        return [
            button(self._words("step.run_number", n=index + 1), "run", *place, index) for index in range(len(blocks))
        ]

    def onward(self, place: Place, index: int) -> Button:
        """The Run button of a step's later command, with as much of the command as a phone has room for."""
        command = self._find(place)[2].blocks[index].command
        short = command if len(command) <= ONWARD_SHOWN else command[: ONWARD_SHOWN - 1] + "…"
        return button(f"{self._words('step.run_number', n=index + 1)} · {short}", "run", *place, index)

    def _copy(self, block: RunBlock) -> Button | None:
        return Button(self._words("step.copy"), copy=block.command) if len(block.command) <= MAX_COPY else None

    def _ways(self, place: Place, chapter: Chapter, number: int) -> tuple[Button, ...]:
        back = button(self._words("step.back"), "back", *place) if number > 1 else None
        onward = self._words("step.next" if number < len(chapter.steps) else "step.finish")
        ways = (back, button(self._words("step.list"), "steps", chapter.id), button(onward, "next", *place))
        return tuple(way for way in ways if way)

    # --- checks, hints, quizzes --------------------------------------------------------------------------------------

    def done(self, place: Place) -> Outgoing:
        """The check has passed: the step's own words, and the way on."""
        chapter, step, text = self._find(place)
        said = self._words("check.done", text=text.done) if text.done else self._words("check.done_plain")
        last = step.id == chapter.steps[-1].id
        onward = button(self._words("step.finish" if last else "step.next"), "next", *place)
        return Outgoing(RichText(said), rows((onward,)))

    def not_yet(self, place: Place, reason: str, hint: int | None) -> Outgoing:
        said = self._words("check.not_yet", reason=reason) if reason else self._words("check.not_yet_plain")
        more = button(self._words("check.hint"), "hint", *place, hint) if hint is not None else None
        return Outgoing(RichText(said), rows((more, button(self._words("step.check"), "check", *place))))

    def hint(self, place: Place, index: int, following: int | None) -> Outgoing:
        said = self._words("check.hint_text", text=self._find(place)[2].hints[index])
        more = button(self._words("check.hint_more"), "hint", *place, following) if following is not None else None
        return Outgoing(RichText(said), rows((more,)))

    def quiz(self, place: Place) -> Outgoing:
        """The question; each option is a button of its own row, since options are sentences."""
        quiz = self._quiz(place)
        question = RichText(self._words("quiz.question", text=quiz.question))
        return Outgoing(question, tuple((option,) for option in self._options(place, quiz)))

    def quiz_answer(self, place: Place, option: int, right: bool) -> Outgoing:
        """The question with what was answered; a wrong answer leaves the options open."""
        quiz = self._quiz(place)
        key, value = (
            ("quiz.right", {"text": quiz.explanation}) if right else ("quiz.wrong", {"option": quiz.options[option]})
        )
        said = RichText(self._words("quiz.question", text=quiz.question) + "\n\n" + self._words(key, **value))
        return Outgoing(said, () if right else tuple((one,) for one in self._options(place, quiz)))

    def quiz_word(self, place: Place, option: int, right: bool) -> str:
        """The answer in a few words, over the screen of who answered."""
        quiz = self._quiz(place)
        said = (
            self._words("quiz.right", text=quiz.explanation)
            if right
            else self._words("quiz.wrong", option=quiz.options[option])
        )
        return said if len(said) <= MAX_TOAST else said[: MAX_TOAST - 1] + "…"

    def _options(self, place: Place, quiz: Quiz) -> list[Button]:
        return [button(option, "answer", *place, index) for index, option in enumerate(quiz.options)]

    # --- pointing at steps -------------------------------------------------------------------------------------------

    def pointer(self, pointer: Pointer, places: tuple[Place, ...]) -> Outgoing:
        """A sentence and the steps that it offers."""
        labels = " · ".join(self.label(place) for place in places)
        said = self._words(f"pointer.{pointer}", steps=f"[{labels}]")
        return Outgoing(RichText(said), rows([self.opener(place) for place in places]))

    def label(self, place: Place) -> str:
        chapter, step, text = self._find(place)
        return self._words("step.label", step=chapter.index(step.id) + 1, title=text.title)

    def opener(self, place: Place) -> Button:
        chapter, step, _ = self._find(place)
        return button(self._words("step.open", step=chapter.index(step.id) + 1), "step", *place)

    def _find(self, place: Place) -> tuple[Chapter, Step, StepText]:
        chapter = self._course.chapter(place.chapter)
        step = chapter.step(place.step)
        return chapter, step, step.texts[self._words.language]

    def _quiz(self, place: Place) -> Quiz:
        quiz = self._find(place)[2].quiz
        if quiz is None:
            raise KeyError(f"{place.step} has no quiz")
        return quiz
