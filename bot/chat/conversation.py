"""One conversation: where its learner is, its terminal, and what becomes of each event in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

from bot.chat.cause import Cause
from bot.chat.guide import Guide
from bot.chat.inbox import at_work
from bot.chat.job import Person
from bot.chat.kit import Kit
from bot.chat.ledger import Ledger
from bot.chat.lesson import Lesson
from bot.chat.message import Outgoing
from bot.chat.playing import Playing
from bot.chat.session import Session
from bot.chat.texts import Words
from bot.chat.turns import Turns
from bot.errors import ChatError
from bot.identity import Language, Scope
from bot.learning.dialogue import advance
from bot.learning.effects import Effect, Say, SwitchLanguage
from bot.learning.events import Event
from bot.learning.progress import Place, Progress
from bot.richtext import RichText
from bot.terminal.sizes import Width

log = logging.getLogger(__name__)

PEOPLE_KEPT = 20
"""Members of a group whose names are remembered while it talks."""


class Conversation:
    """A scope's state in memory; what must outlive a restart is in the store before anything is said."""

    def __init__(self, scope: Scope, kit: Kit, progress: Progress, width: Width) -> None:
        self.scope = scope
        self.kit = kit
        self.progress = progress
        self.turns = Turns()
        self.tour: Playing | None = None
        """None: none plays here."""
        self.forgotten: asyncio.Event | None = None
        """Nothing is noted any more of what is under way here; set when the conversation can begin anew."""
        self.people: dict[int, str] = {}
        """Who spoke or tapped here lately, the latest last."""
        self._turn = asyncio.Lock()
        self.session = Session(
            scope,
            kit.sender,
            kit.tasks,
            kit.valve,
            words=lambda: self.words,
            open_lab=lambda: kit.keeper.open(self.scope, self._opener),
            used_lab=lambda: kit.keeper.used(self.scope),
            ledger=Ledger(kit.store, kit.clock),
            width=width,
        )

    @classmethod
    async def load(cls, scope: Scope, kit: Kit, language: Language | None) -> Conversation:
        """As the store has it; the `language` of the first person seen here is kept until somebody chooses one.

        Kept, because news of a container after a restart comes without a person.
        """
        state = await kit.store.scopes.change(
            scope, lambda state: state if state.language else replace(state, language=language)
        )
        place = Place(state.chapter, state.step) if state.chapter and state.step else None
        done = frozenset(Place(*pair) for pair in await kit.store.completions.steps(scope))
        progress = Progress(state.language or Language.KOREAN, place, done, shared=not scope.is_private)
        return cls(scope, kit, progress, Width(state.width) if state.width in set(Width) else Width.AUTO)

    @property
    def words(self) -> Words:
        words = self.kit.texts[self.progress.language]
        return words.for_group if self.shared else words

    @property
    def lesson(self) -> Lesson:
        return self.kit.lessons[self.progress.language]

    @property
    def guide(self) -> Guide:
        return Guide(self.kit.course, self.words)

    @property
    def _opener(self) -> int:
        """Whose command opens the lab: a group's lab counts for who began."""
        return self.session.job.person.id if self.session.job else 0

    @property
    def shared(self) -> bool:
        """Whether several people are here."""
        return not self.scope.is_private

    @property
    def occupied(self) -> bool:
        """Whether a command runs, or others wait to."""
        return self.session.busy or len(self.turns) > 0

    @property
    def queues(self) -> bool:
        """Whether a command waits for the one that runs, rather than being refused: in a group, and behind a demo's."""
        return self.shared or self.session.demo_runs

    def meet(self, person: Person) -> None:
        """Remember who is here; the longest quiet is forgotten first."""
        if self.shared and person.id:
            self.people.pop(person.id, None)
            self.people[person.id] = person.name
            if len(self.people) > PEOPLE_KEPT:
                del self.people[next(iter(self.people))]

    def move(self, chat_id: int) -> None:
        """The group has another id from now on; a running command goes on there."""
        self.scope = Scope(chat_id, self.scope.topic_id)
        self.session.move(self.scope)
        self.turns.moved()
        if self.tour is not None:
            self.tour.button = None

    def drop_tour(self) -> bool:
        """Its lab goes: whether a tour ends by that."""
        if self.tour is None or self.tour.dropped:
            return False
        self.tour.drop()
        return True

    async def decide(self, event: Event) -> tuple[Effect, ...]:
        """Let the dialogue decide, and keep what has changed."""
        async with self._turn:
            if self.forgotten is not None:
                return ()
            progress, effects = advance(self.kit.course, self.progress, event)
            if progress.place != self.progress.place or any(isinstance(one, SwitchLanguage) for one in effects):
                await self._keep(progress.place, effects)
            # Only now: who is told that it failed must be able to try the same again.
            self.progress = progress
            return effects

    async def _keep(self, place: Place | None, effects: Sequence[Effect]) -> None:
        chosen = next((one.language for one in effects if isinstance(one, SwitchLanguage)), None)
        await self.kit.store.scopes.change(
            self.scope,
            lambda state: replace(
                state,
                language=chosen or state.language,
                chapter=place.chapter if place else None,
                step=place.step if place else None,
            ),
        )

    # --- saying things -----------------------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> int:
        return await self.kit.sender.send(self.scope, outgoing)

    async def post(self, outgoing: Outgoing) -> None:
        """Send and forget the message's number."""
        await self.send(outgoing)

    async def say(self, key: str, **values: object) -> None:
        """A notice: one text, no buttons."""
        await self.send(Outgoing(RichText(self.words(key, **values))))

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it in the background; whoever waits for it gets a word when it fails."""
        task = self.kit.tasks.start(self.attempt(work), name="work for a conversation")
        if (receipt := at_work()) is not None:
            receipt.until(task)

    async def attempt(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it now, in the same way."""
        try:
            try:
                await work
            except ChatError:
                raise
            except Exception:
                log.exception("work for a conversation failed")
                await self.say("note.failed")
        except ChatError as error:
            log.info("not delivered: %s", error)

    async def answer(self, cause: Cause, text: str = "") -> None:
        """End a tap's waiting, with a short word on top of the screen; without a tap, the word is a message.

        What follows in the chat does not wait for it: on the way to Telegram the two pass each other, and nobody minds.
        """
        if cause.query_id is not None:
            self.kit.tasks.start(self.kit.sender.answer(cause.query_id, text), name="answer to a tap")
        elif text:
            await self.send(Outgoing(RichText(text)))

    async def show(self, cause: Cause, outgoing: Outgoing) -> None:
        """Put a message in place of the tapped one; as a new one when there was no tap or it is gone."""
        if cause.message_id is None or not await self.kit.sender.edit(self.scope, cause.message_id, outgoing):
            await self.send(outgoing)


def spoken(effects: Sequence[Effect]) -> str | None:
    """The key of the first short answer among the effects."""
    return next((f"note.{one.note}" for one in effects if isinstance(one, Say)), None)
