"""What a person has asked for and is not wanted any more: they are forgotten, or banned."""

from __future__ import annotations

from bot.chat.conversation import Conversation

LAST_FRAME = 3.0
"""Seconds that a command's message may take to its end before its lab goes."""
ENDED = "terminal.shell_ended"
"""What such a message says."""


async def withdraw(talk: Conversation, user_id: int) -> None:
    """Their lines do not run, their tour ends, and so does a command that waits for its lab; what runs runs on."""
    for line in talk.turns.of_person(user_id):
        talk.turns.remove(line)
        await talk.kit.notebook.over(line.note)
        if line.notice is not None:
            talk.later(talk.kit.sender.delete(talk.scope, line.notice))
    if talk.tour is not None and talk.tour.person.id == user_id:
        talk.tour.drop()
    job = talk.session.job
    if job is not None and job.run is None and job.person.id == user_id:
        await talk.session.cut_off(LAST_FRAME, ENDED)
