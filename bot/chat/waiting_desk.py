"""The buttons of those who wait for a lab, and the call when it is their turn."""

from __future__ import annotations

from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.message import Outgoing
from bot.chat.performer import Performer
from bot.richtext import RichText


class WaitingDesk:
    """`go` runs the command that had to wait, `leave` gives the place up."""

    def __init__(self, performer: Performer) -> None:
        self._performer = performer

    async def tap(self, talk: Conversation, cause: Cause, action: str) -> None:
        reception = talk.kit.keeper.reception
        if action == "go" and not reception.waiting.is_called(talk.scope, talk.kit.clock()):
            return await talk.answer(cause, talk.words("queue.over"))
        guest = reception.waiting.find(talk.scope) if action == "go" else await reception.leave(talk.scope)
        await talk.answer(cause)
        if cause.message_id is not None:
            await talk.kit.sender.set_rows(talk.scope, cause.message_id)
        if guest is None or action != "go":
            return await talk.post(Outgoing(RichText(talk.words("queue.left"))))
        await self._performer.run(talk, guest.cause, guest.command, guest.origin)
