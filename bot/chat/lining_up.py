"""Who finds the host full gets a place in the queue, whatever they wanted to do."""

from __future__ import annotations

from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.waiting import Errand, full
from bot.learning.progress import Place
from bot.store import Wish


async def line_up(talk: Conversation, cause: Cause, wish: Wish, text: str = "", place: Place | None = None) -> None:
    """A place, with an estimate; or a word that there are too many already."""
    if talk.forgotten is not None or cause.forgotten():
        return
    reception = talk.kit.keeper.reception
    number = await reception.join(talk.scope, Errand(Cause(cause.person), wish, text, place))
    if number is None:
        return await talk.say("queue.crowded")
    await talk.post(full(talk.words, number, await reception.estimate(number)))
