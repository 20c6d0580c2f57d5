"""Does what the dialogue wants done: each effect is one method."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bot.chat import turns
from bot.chat.cause import Cause
from bot.chat.checks import Checks
from bot.chat.conversation import Conversation, spoken
from bot.chat.inbox import at_work
from bot.chat.job import Job
from bot.chat.lining_up import line_up
from bot.chat.message import Outgoing
from bot.chat.names import harmless
from bot.chat.pages_desk import PagesDesk
from bot.chat.refusals import FULL, refusal
from bot.chat.view import STOPPED
from bot.errors import DosirakError, StoreError
from bot.learning import effects as do
from bot.learning.events import CommandEnded, Event
from bot.learning.progress import Place
from bot.richtext import RichText
from bot.store import AuditEntry, Completion, Kind, Wish
from bot.terminal.run import Run
from bot.terminal.tables import is_wide_table

log = logging.getLogger(__name__)

PLAY_WAITS = 5.0
"""Seconds after which a tour looks again whether the terminal is free."""


class Performer:
    """Performs effects for all conversations."""

    def __init__(self, desk: PagesDesk) -> None:
        self._desk = desk
        self.checks = Checks(self.happen, self._next)
        self._methods: dict[type[Any], Callable[[Conversation, Cause, Any], Awaitable[None]]] = {
            do.Say: self._say,
            do.ShowWelcome: self._welcome,
            do.ShowLanguages: self._languages,
            do.SwitchLanguage: self._switch,
            do.ShowChapters: self._chapters,
            do.ShowSteps: self._steps,
            do.ShowStep: self._step,
            do.ShowChapterEnd: self._chapter_end,
            do.PointTo: self._point,
            do.TypeLine: self._type,
            do.QueueLine: self._queue,
            do.OfferNext: self._offer,
            do.SendInput: self._input,
            do.Verify: self.checks.verify,
            do.MarkDone: self._mark,
            do.SayDone: self._done,
            do.SayNotYet: self._not_yet,
            do.ShowHint: self._hint,
            do.ShowQuiz: self._quiz,
            do.SayQuiz: self._quiz_answer,
            do.AskReset: self._ask_reset,
            do.ResetLab: self._reset,
        }

    async def happen(self, talk: Conversation, event: Event, cause: Cause) -> None:
        """Let the dialogue decide about an event, and do what it says."""
        effects = await talk.decide(event)
        if cause.query_id is not None:
            await talk.answer(cause, self._toast(talk, effects))
            effects = tuple(one for one in effects if not isinstance(one, do.Say))
        for effect in effects:
            await self._methods[type(effect)](talk, cause, effect)

    def _toast(self, talk: Conversation, effects: Sequence[do.Effect]) -> str:
        """The short answer to a tap. In a group a quiz is answered there, since each member wants to try it."""
        key = spoken(effects)
        answered = next((one for one in effects if isinstance(one, do.SayQuiz)), None)
        if key is None and answered is not None and talk.shared:
            return talk.lesson.quiz_word(answered.place, answered.option, answered.right)
        return talk.words(key) if key else ""

    # --- lessons -----------------------------------------------------------------------------------------------------

    async def _say(self, talk: Conversation, cause: Cause, effect: do.Say) -> None:
        await talk.say(f"note.{effect.note}")

    async def _welcome(self, talk: Conversation, cause: Cause, effect: do.ShowWelcome) -> None:
        await talk.send(talk.guide.welcome(effect.place, resumed=effect.resumed))

    async def _languages(self, talk: Conversation, cause: Cause, effect: do.ShowLanguages) -> None:
        names = {language: words("language.name") for language, words in talk.kit.texts.items()}
        await talk.send(talk.guide.languages(names))

    async def _switch(self, talk: Conversation, cause: Cause, effect: do.SwitchLanguage) -> None:
        await talk.say("language.switched")

    async def _chapters(self, talk: Conversation, cause: Cause, effect: do.ShowChapters) -> None:
        await talk.send(talk.guide.chapters(talk.progress))

    async def _steps(self, talk: Conversation, cause: Cause, effect: do.ShowSteps) -> None:
        await talk.send(talk.guide.steps(effect.chapter, talk.progress))

    async def _step(self, talk: Conversation, cause: Cause, effect: do.ShowStep) -> None:
        pictured = talk.lesson.picture(effect.place)
        if pictured is not None and pictured.picture is not None:
            await talk.kit.sender.picture(talk.scope, pictured.picture, pictured.picture_caption)
        await talk.send(talk.lesson.step(effect.place))

    async def _chapter_end(self, talk: Conversation, cause: Cause, effect: do.ShowChapterEnd) -> None:
        await talk.send(talk.guide.chapter_end(effect))

    async def _point(self, talk: Conversation, cause: Cause, effect: do.PointTo) -> None:
        await talk.send(talk.lesson.pointer(effect.pointer, effect.places))

    async def _hint(self, talk: Conversation, cause: Cause, effect: do.ShowHint) -> None:
        await talk.send(talk.lesson.hint(effect.place, effect.index, effect.following))

    async def _quiz(self, talk: Conversation, cause: Cause, effect: do.ShowQuiz) -> None:
        await talk.send(talk.lesson.quiz(effect.place))

    async def _quiz_answer(self, talk: Conversation, cause: Cause, effect: do.SayQuiz) -> None:
        if not talk.shared:
            await talk.show(cause, talk.lesson.quiz_answer(effect.place, effect.option, effect.right))

    # --- commands ----------------------------------------------------------------------------------------------------

    async def _type(self, talk: Conversation, cause: Cause, effect: do.TypeLine) -> None:
        await self.run(talk, cause, effect.text, effect.origin)

    async def _queue(self, talk: Conversation, cause: Cause, effect: do.QueueLine) -> None:
        await self.run(talk, cause, effect.text, effect.origin)

    async def run(self, talk: Conversation, cause: Cause, command: str, origin: Place | None) -> None:
        """Run a command in the background; in a group whose terminal is occupied, and behind a demo's command, after
        those before it."""
        if talk.occupied and (talk.queues or not talk.session.busy):
            await self._wait(talk, cause, command, origin)
        elif talk.session.busy:  # Two taps at once: both were made while nothing ran.
            await talk.say(talk.session.busy_note)
        else:
            await self._start(talk, cause, command, origin)

    async def _wait(self, talk: Conversation, cause: Cause, command: str, origin: Place | None) -> None:
        line = talk.turns.add(command, origin, cause)
        if line is None:
            return await talk.say("turns.full", name=harmless(cause.person.name))
        place = len(talk.turns)
        line.note = await talk.kit.notebook.begin(talk.scope, Kind.LINE, cause.person)
        line.notice = await talk.send(turns.notice(talk.words, line, place, behind_demo=talk.session.demo_runs))
        await talk.kit.notebook.posted(line.note, line.notice)
        if talk.turns.find(line.number) is None:
            # Its turn came while the notice was on its way.
            await talk.kit.sender.delete(talk.scope, line.notice)
            await talk.kit.notebook.over(line.note)

    async def _free(self, talk: Conversation, job: Job) -> None:
        """A command has ended, and the next one may begin."""
        if job.cut == STOPPED:
            # The chat cannot be reached, or the bot ends: nobody waits here any more, and the next start says so.
            talk.turns.clear()
        else:
            await self._next(talk)

    async def _next(self, talk: Conversation) -> None:
        """The terminal is free: whoever waits longest has it."""
        if talk.session.busy or (line := talk.turns.take()) is None:
            return
        if line.notice is not None:
            talk.later(talk.kit.sender.delete(talk.scope, line.notice))
        await self._start(talk, line.cause, line.command, line.origin, line.note)

    async def _start(
        self, talk: Conversation, cause: Cause, command: str, origin: Place | None, line: int | None = None
    ) -> None:
        """Run a command and write down who did; there must be no other. `line`: the note about it while it waited."""
        if talk.forgotten is not None:
            return
        job = Job(command, origin, cause.person, shared=talk.shared, line=line)
        job.asked = cause.said
        job.forgotten = talk.kit.forgetting.since(cause.person.id)
        talk.session.start(job, lambda ended: self._ended(talk, ended))
        await self._audit(talk, cause, command)

    async def _audit(self, talk: Conversation, cause: Cause, command: str) -> None:
        """The command runs already: a store that fails must not keep anybody from what comes of it."""
        try:
            await talk.kit.store.audit.add(AuditEntry(talk.kit.clock(), talk.scope, cause.person.id, command))
        except StoreError as error:
            log.warning("a command is not in the audit: %s", error)

    async def play(self, talk: Conversation, cause: Cause, command: str, unwanted: Callable[[], bool]) -> Job | None:
        """Run a tour's command as soon as the terminal is free; it counts for no step. None: by then it is unwanted."""
        told = False
        while talk.session.busy and not unwanted():
            before = talk.session.job
            await talk.session.settled(PLAY_WAITS)
            if not told and talk.session.job is before and not unwanted():
                told = True
                await talk.attempt(talk.say("demo.waits"))
        if unwanted():
            return None
        job = Job(command, None, cause.person, shared=talk.shared, tour=True)
        talk.session.start(job, lambda ended: self._free(talk, ended))
        await self._audit(talk, cause, command)
        return job

    async def _draw(self, talk: Conversation, run: Run) -> None:
        """A table that no phone shows in lines comes as a picture too."""
        await talk.kit.sender.photo(talk.scope, await talk.kit.pictures.of(run))

    async def _ended(self, talk: Conversation, job: Job) -> None:
        if job.run is not None and is_wide_table(job.run):
            talk.later(self._draw(talk, job.run))
        if job.failure == FULL:
            cause = Cause(job.person, forgotten=job.forgotten)
            await talk.attempt(line_up(talk, cause, Wish.RUN, job.command, job.origin))
        if job.failure is None and not job.cut and not job.forgotten():
            # Before the next one's command: what that finds done counts for nobody, and this may be what has done it.
            cause = Cause(job.person, forgotten=lambda: job.forgotten())  # A ban may still come.
            await talk.attempt(self.happen(talk, CommandEnded(job.origin), cause))
        await self._free(talk, job)

    async def _offer(self, talk: Conversation, cause: Cause, effect: do.OfferNext) -> None:
        talk.session.offer(talk.lesson.onward(effect.place, effect.block), inside=effect.inside)

    async def _input(self, talk: Conversation, cause: Cause, effect: do.SendInput) -> None:
        if (receipt := at_work()) is not None:
            await receipt.spend()  # The program reads it once.
        if not await talk.session.send_input(effect.text, below=cause.typed):
            await talk.say("note.busy" if talk.session.busy else "note.nothing_running")

    # --- what is done -------------------------------------------------------------------------------------------------

    async def _mark(self, talk: Conversation, cause: Cause, effect: do.MarkDone) -> None:
        person, place = cause.person, effect.place
        if talk.forgotten is not None or cause.forgotten():
            return
        added = await talk.kit.store.completions.add(
            Completion(talk.scope, person.id, person.name, place.chapter, place.step, talk.kit.clock())
        )
        listed = person.id not in await talk.kit.store.unlisted.of(talk.scope)
        if added and not effect.first and listed:
            await talk.say("study.too", name=harmless(person.name), step=talk.lesson.label(place))

    async def _done(self, talk: Conversation, cause: Cause, effect: do.SayDone) -> None:
        await talk.send(talk.lesson.done(effect.place))

    async def _not_yet(self, talk: Conversation, cause: Cause, effect: do.SayNotYet) -> None:
        await talk.send(talk.lesson.not_yet(effect.place, effect.reason, effect.hint))

    # --- starting over -----------------------------------------------------------------------------------------------

    async def _ask_reset(self, talk: Conversation, cause: Cause, effect: do.AskReset) -> None:
        await talk.send(talk.guide.reset_question(await self._count(talk)))

    async def _count(self, talk: Conversation) -> int:
        record = await talk.kit.keeper.record(talk.scope)
        try:
            return len(await talk.kit.keeper.containers(record.lab_id)) if record else 0
        except DosirakError:
            return 0

    async def _reset(self, talk: Conversation, cause: Cause, effect: do.ResetLab) -> None:
        await talk.show(cause, Outgoing(RichText(talk.words("reset.working"))))
        talk.later(self._empty(talk, cause))

    async def _empty(self, talk: Conversation, cause: Cause) -> None:
        record = await talk.kit.keeper.record(talk.scope)
        if record is None:
            return await talk.show(cause, Outgoing(RichText(talk.words("reset.nothing"))))
        await talk.kit.sender.typing(talk.scope)
        await self._desk.lab_ends(record)
        try:
            closed = await talk.kit.keeper.end(record)
        except DosirakError as error:
            log.warning("a lab could not be emptied: %s", error)
            return await talk.say(refusal(error))
        done = talk.words("reset.done", containers=closed.containers) if closed else talk.words("reset.nothing")
        await talk.show(cause, Outgoing(RichText(done)))
