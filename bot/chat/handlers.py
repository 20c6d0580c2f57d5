"""Telegram's updates, each turned into one call: what was typed, tapped or asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from telegram import Update
from telegram.ext import (
    Application,
    ApplicationHandlerStop,
    CallbackContext,
    CallbackQueryHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.chat.callbacks import decode
from bot.chat.commands import command_of, commands
from bot.chat.conversation import Conversation
from bot.chat.conversations import Conversations
from bot.chat.cutoffs import Cutoffs
from bot.chat.desks import Desks
from bot.chat.guests import Guests
from bot.chat.inline import InlineDesk
from bot.chat.message import Outgoing
from bot.chat.taps import Taps
from bot.chat.updates import after_command, cause_of, is_unknown_command, language_of, person_of
from bot.chat.wire import migration_of, scope_of_update
from bot.errors import ChatError
from bot.richtext import RichText

log = logging.getLogger(__name__)

Context = CallbackContext[Any, Any, Any, Any]


class Handlers:
    """Thin: finds the conversation, names the event, passes it on."""

    def __init__(
        self,
        conversations: Conversations,
        desks: Desks,
        taps: Taps,
        guests: Guests,
        inline: InlineDesk,
        cutoffs: Cutoffs,
    ) -> None:
        self._conversations = conversations
        self._desks = desks
        self._taps = taps
        self._guests = guests
        self._inline = inline
        self._cutoffs = cutoffs
        self._commands = commands(desks)

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Add the handlers; the first that fits takes an update."""
        application.add_handler(TypeHandler(Update, self._at_the_door), group=-1)
        application.add_handler(MessageHandler(filters.UpdateType.EDITED_MESSAGE, self._edited))
        # Nearly everything is a tap, so taps come first: each handler before theirs would look at each of them.
        application.add_handler(CallbackQueryHandler(self._tap))
        application.add_handler(InlineQueryHandler(self._asked_inline))
        application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, self._migrated))
        for name in self._commands:
            application.add_handler(CommandHandler(name, self._command(name)))
        application.add_handler(CommandHandler("driver", self._choose_driver))
        new = filters.UpdateType.MESSAGE
        # A command that is not ours may be a path (`/bin/ls`), so it is text; a lone unknown word is not.
        application.add_handler(MessageHandler(new & filters.TEXT & filters.ChatType.PRIVATE, self._text))
        application.add_handler(MessageHandler(new & filters.TEXT & filters.REPLY, self._group_reply))
        application.add_handler(MessageHandler(new & filters.ChatType.PRIVATE & ~filters.StatusUpdate.ALL, self._other))
        application.add_error_handler(self._failed)

    def _command(self, name: str) -> Callable[[Update, Context], Coroutine[Any, Any, None]]:
        async def handle(update: Update, context: Context) -> None:
            if (message := update.effective_message) is None or update.edited_message is not None:
                return
            rest = after_command(message.text or "")
            talk, cause = await self._find(update), cause_of(update)
            if refusal := await self._desks.drivers.of_command(talk, cause, name):
                return await talk.post(Outgoing(RichText(refusal)))
            await self._commands[name](talk, cause, rest)

        return handle

    async def _at_the_door(self, update: Update, context: Context) -> None:
        """Whoever is banned gets no answer; where only some are invited, others are told so in their own chat."""
        if (moved := migration_of(update)) is not None:
            await self._guests.move(*moved)
        if self._guests.is_banned(update):
            raise ApplicationHandlerStop
        if self._guests.is_invited(update):
            return
        scope = scope_of_update(update)
        if scope is not None and scope.is_private:
            talk = await self._find(update)
            await talk.answer(cause_of(update), talk.words("guest.closed"))
        raise ApplicationHandlerStop

    async def _choose_driver(self, update: Update, context: Context) -> None:
        message = update.effective_message
        if message is None or update.edited_message is not None:
            return
        answered = message.reply_to_message
        # In a topic a message that answers nobody answers the topic's opening.
        named = answered.from_user if answered and not answered.forum_topic_created else None
        await self._desks.driver.show(await self._find(update), cause_of(update), named)

    async def _migrated(self, update: Update, context: Context) -> None:
        """Telegram tells it twice, in the old chat and in the new one; the second time there is nothing to move."""
        if (moved := migration_of(update)) is not None:
            self._cutoffs.move(moved[0])
            await self._conversations.move(*moved)

    async def _edited(self, update: Update, context: Context) -> None:
        """Whoever corrects the last command wants it run again; any other edit is for readers alone."""
        message = update.edited_message
        text = message.text if message else None
        if not text:
            return
        talk, cause = await self._find(update), cause_of(update)
        command = command_of(talk.kit.course, text)
        if command is None or not self._desks.terminal.typing.corrects(talk, cause, command):
            return
        if refusal := await self._desks.drivers.of_driving(talk, cause):
            return await talk.post(Outgoing(RichText(refusal)))
        if talk.session.busy and not talk.queues:
            return await talk.say(talk.session.busy_note)
        await self._desks.terminal.text(talk, cause, command, in_turn=True)

    async def _find(self, update: Update) -> Conversation:
        scope = scope_of_update(update)
        if scope is None:
            raise ValueError("an update without a chat")
        language = language_of(update.effective_user)
        talk = await self._conversations.find(scope, language)
        while talk.forgotten is not None:
            await talk.forgotten.wait()
            talk = await self._conversations.find(scope, language)
        talk.meet(person_of(update.effective_user))
        return talk

    async def _tap(self, update: Update, context: Context) -> None:
        talk, query = await self._find(update), update.callback_query
        await self._taps.take(talk, cause_of(update), decode(query.data if query else None))

    async def _asked_inline(self, update: Update, context: Context) -> None:
        await self._inline.answer(update)

    async def _text(self, update: Update, context: Context) -> None:
        talk, cause = await self._find(update), cause_of(update)
        if await self._cutoffs.covers(talk.scope, cause.said):
            return
        text = update.effective_message.text if update.effective_message else None
        if text and (talk.session.demo_runs or not talk.session.busy) and is_unknown_command(text):
            return await talk.say("note.unknown_command")
        await self._desks.terminal.text(talk, cause, text or "")

    async def _group_reply(self, update: Update, context: Context) -> None:
        """In a group only what is said to the bot is for the terminal: a reply to one of its messages."""
        message = update.effective_message
        answered = message.reply_to_message if message else None
        if message is None or answered is None or answered.from_user is None:
            return
        if answered.from_user.id != context.bot.id or answered.forum_topic_created:
            return
        talk, cause = await self._find(update), cause_of(update)
        if await self._cutoffs.covers(talk.scope, cause.said):
            return
        if refusal := await self._desks.drivers.of_driving(talk, cause):
            return await talk.post(Outgoing(RichText(refusal)))
        await self._desks.terminal.answer(talk, cause, message.text or "", answered.message_id)

    async def _other(self, update: Update, context: Context) -> None:
        await (await self._find(update)).say("note.unsupported")

    async def _failed(self, update: object, context: Context) -> None:
        """Never silent: whoever asked gets a word, also when the store is what failed; the log gets the reason, without
        anybody's text."""
        if isinstance(context.error, ChatError):
            log.info("not delivered: %s", context.error)
            return
        log.error("an update could not be handled", exc_info=context.error)
        scope = scope_of_update(update)
        if not isinstance(update, Update) or scope is None:
            return
        try:
            await self._conversations.say_failed(scope, language_of(update.effective_user))
        except ChatError as error:
            log.info("not delivered: %s", error)
