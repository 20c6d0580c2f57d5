"""A lab's time in the chat: /extend, /close, and the warning before the end with its button."""

from __future__ import annotations

import logging
from datetime import datetime

from bot.chat import turns
from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.durations import clock, span
from bot.chat.inbox import at_work
from bot.chat.keeper import EXTENSION, MOST_EXTENSIONS
from bot.chat.message import Outgoing, Rows, button, rows
from bot.chat.pages_desk import PagesDesk
from bot.chat.refusals import refusal
from bot.chat.texts import Words
from bot.errors import DosirakError, LabClosed, NoMoreTime
from bot.identity import LabId
from bot.richtext import RichText, moment
from bot.store import LabRecord

log = logging.getLogger(__name__)

MARK = "\0"
"""Stands for the time of day until it is put in with its entity."""


class LifeDesk:
    """Each tap is answered first."""

    def __init__(self, pages: PagesDesk) -> None:
        self._pages = pages
        self._closing: set[LabId] = set()

    async def extend(self, talk: Conversation, cause: Cause) -> None:
        """More time, from /extend or from the warning's button, which has done its work then."""
        receipt = at_work()
        try:
            record = await talk.kit.keeper.extend(talk.scope, receipt.number if receipt else None)
        except LabClosed:
            return await talk.answer(cause, talk.words("lab.no_longer"))
        except NoMoreTime:
            return await self._no_more(talk, cause)
        said = until(talk.words, "lab.extended", record.ends_at, talk.kit.clock())
        if cause.query_id is None:
            return await talk.post(Outgoing(said))
        await talk.answer(cause, said.text)
        if cause.message_id is not None:
            await talk.kit.sender.delete(talk.scope, cause.message_id)

    async def _no_more(self, talk: Conversation, cause: Cause) -> None:
        record = await talk.kit.keeper.record(talk.scope)
        if record is not None:
            said = until(talk.words, "lab.longest", record.ends_at, talk.kit.clock())
            await talk.answer(cause, said.text)

    async def ask(self, talk: Conversation, cause: Cause) -> None:
        """/close: what goes and what stays, before anything goes."""
        if await talk.kit.keeper.record(talk.scope) is None:
            return await talk.say("lab.none")
        yes = button(talk.words("lab.close_yes"), "close", "yes")
        no = button(talk.words("lab.close_no"), "close", "no")
        await talk.post(Outgoing(RichText(talk.words("lab.close_ask")), rows((yes, no))))

    async def tap(self, talk: Conversation, cause: Cause, answer: str) -> None:
        """The answer to the question. A second yes, of the same person or of another, does not close it twice."""
        record = await talk.kit.keeper.record(talk.scope)
        if answer == "yes" and record is not None and record.lab_id in self._closing:
            return await talk.answer(cause, talk.words("reset.working"))
        await talk.answer(cause)
        if answer != "yes":
            return await talk.show(cause, Outgoing(RichText(talk.words("note.reset_kept"))))
        if record is None:
            return await talk.show(cause, Outgoing(RichText(talk.words("lab.none"))))
        self._closing.add(record.lab_id)
        try:
            await talk.show(cause, Outgoing(RichText(talk.words("reset.working"))))
            await self._close(talk, cause, record)
        finally:
            self._closing.discard(record.lab_id)

    async def _close(self, talk: Conversation, cause: Cause, record: LabRecord) -> None:
        for line in talk.turns.clear():
            await talk.kit.notebook.over(line.note)
            said = turns.dropped(talk.words, line.cause, line.command, why="turns.closed")
            talk.later(talk.show(Cause(message_id=line.notice), said))
        await self._pages.lab_ends(record)
        try:
            closed = await talk.kit.keeper.end(record)
        except DosirakError as error:
            log.warning("a lab could not be closed: %s", error)
            return await talk.say(refusal(error))
        done = talk.words("lab.closed", containers=closed.containers) if closed else talk.words("lab.no_longer")
        await talk.show(cause, Outgoing(RichText(done)))


def warning(words: Words, record: LabRecord, now: datetime) -> Outgoing:
    """Said some minutes before the end, with Extend as long as that is possible."""
    keys: Rows = ()
    if record.extensions < MOST_EXTENSIONS:
        keys = rows((button(words("lab.extend", time=span(words, EXTENSION.total_seconds())), "life"),))
    return Outgoing(until(words, "lab.ending", record.ends_at, now), keys)


def until(words: Words, key: str, end: datetime, now: datetime) -> RichText:
    """A sentence with how long it still takes, and the time of day at which it ends."""
    time = span(words, max(0.0, (end - now).total_seconds()))
    before, _, behind = words(key, time=time, clock=MARK).partition(MARK)
    return RichText(before) + moment(clock(end), end) + behind
