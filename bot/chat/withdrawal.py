"""What a person has asked for and is not wanted any more: they are forgotten, or banned."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from bot.chat.conversation import Conversation
from bot.chat.job import Job, Person
from bot.errors import DosirakError

LAST_FRAME = 3.0
"""Seconds that a command's message may take to its end before its lab goes."""
ENDED = "terminal.shell_ended"
"""What such a message says."""


async def withdraw(talk: Conversation, user_id: int) -> None:
    """Their lines do not run, their tour ends, and so does a command that waits for its lab; what runs runs on."""
    await _drop(talk, lambda person: person.id == user_id)


async def expel(talk: Conversation, who: int) -> None:
    """The same for a banned person, or for all people of a banned chat, whose command is interrupted too."""

    def banned(person: Person) -> bool:
        return who in (person.id, talk.scope.chat_id)

    await _drop(talk, banned)
    job = talk.session.last
    if job is not None and banned(job.person):
        job.forgotten = lambda: True  # A check of what it has done would open the next lab.
        talk.later(_interrupt(talk, job))


async def _drop(talk: Conversation, unwanted: Callable[[Person], bool]) -> None:
    for line in talk.turns.all():
        if not unwanted(line.cause.person) or talk.turns.find(line.number) is None:
            continue
        talk.turns.remove(line)
        await talk.kit.notebook.over(line.note)
        if line.notice is not None:
            talk.later(talk.kit.sender.delete(talk.scope, line.notice))
    if talk.tour is not None and unwanted(talk.tour.person):
        talk.tour.drop()
    job = talk.session.job
    if job is not None and job.run is None and unwanted(job.person):
        await talk.session.cut_off(LAST_FRAME, ENDED)


async def _interrupt(talk: Conversation, job: Job) -> None:
    """As the Stop button does; a lab that goes away takes the command with it."""
    if talk.session.job is job:
        with suppress(DosirakError):
            await talk.session.interrupt()
