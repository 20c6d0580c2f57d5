"""The buttons of those who wait for a lab, when it is their turn and before."""

from __future__ import annotations

from bot.chat.cause import Cause
from bot.chat.containers_desk import ContainersDesk
from bot.chat.conversation import Conversation
from bot.chat.conversations import Conversations
from bot.chat.message import Outgoing
from bot.chat.performer import Performer
from bot.chat.tours import Tours
from bot.chat.waiting import Errand, Guest
from bot.richtext import RichText
from bot.store import Wish


class WaitingDesk:
    """`go` does what had to wait, of everybody in the conversation; `leave` takes back what one person wanted."""

    def __init__(
        self, conversations: Conversations, performer: Performer, tours: Tours, containers: ContainersDesk
    ) -> None:
        self._conversations = conversations
        self._performer = performer
        self._tours = tours
        self._containers = containers

    async def tap(self, talk: Conversation, cause: Cause, action: str) -> None:
        waiting = talk.kit.keeper.reception.waiting
        if action != "go":
            return await self._leave(talk, cause)
        guest = waiting.find(talk.scope) if waiting.is_called(talk.scope, talk.kit.clock()) else None
        if guest is None:
            return await talk.answer(cause, talk.words("queue.over"))
        await talk.answer(cause)
        await self._without_buttons(talk, cause)
        errands, guest.errands = guest.errands, []  # Its place stays until its lab opens.
        for errand in errands:
            await self._do(talk, errand)

    async def attend(self, guest: Guest) -> None:
        """Its lab is there, though nobody has tapped `go`: what others had wanted is done all the same."""
        talk = await self._conversations.find(guest.scope)
        for errand in guest.errands:
            await talk.attempt(self._do(talk, errand))

    async def _do(self, talk: Conversation, errand: Errand) -> None:
        match errand.wish:
            case Wish.RUN:
                await self._performer.run(talk, errand.cause, errand.text, errand.place)
            case Wish.CHECK if errand.place is not None:
                await self._performer.checks.again(talk, errand.cause, errand.place)
            case Wish.DEMO:
                await self._tours.start(talk, errand.cause, errand.text)
            case Wish.CARD:
                action, _, container_id = errand.text.partition(" ")
                await self._containers.tap(talk, errand.cause, action, container_id)

    async def _leave(self, talk: Conversation, cause: Cause) -> None:
        reception = talk.kit.keeper.reception
        taken_back = await reception.take_back(talk.scope, cause.person.id)
        others_wait = reception.waiting.find(talk.scope) is not None
        if taken_back is None and others_wait:
            return await talk.answer(cause, talk.words("turns.not_yours"))
        await talk.answer(cause)
        if not others_wait:
            await self._without_buttons(talk, cause)
        await talk.post(Outgoing(RichText(talk.words("queue.left"))))

    async def _without_buttons(self, talk: Conversation, cause: Cause) -> None:
        if cause.message_id is not None:
            await talk.kit.sender.set_rows(talk.scope, cause.message_id)
