"""Telegram's updates, each turned into one call: what was typed, tapped or asked for."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from telegram import CallbackQuery, Message, MessageEntity, Update, User
from telegram.ext import (
    Application,
    ApplicationHandlerStop,
    CallbackContext,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    TypeHandler,
    filters,
)
from telegram.helpers import create_deep_linked_url

from bot.chat.admin_desk import AdminDesk
from bot.chat.callbacks import decode
from bot.chat.cause import Cause
from bot.chat.containers_desk import ContainersDesk
from bot.chat.conversation import Conversation
from bot.chat.conversations import Conversations
from bot.chat.driving import DriverDesk, Drivers
from bot.chat.forget_desk import ForgetDesk
from bot.chat.guests import Guests
from bot.chat.job import Person
from bot.chat.life_desk import LifeDesk
from bot.chat.menu import COMMANDS
from bot.chat.message import Button, Outgoing, rows
from bot.chat.pages_desk import PagesDesk
from bot.chat.performer import Performer
from bot.chat.study_desk import StudyDesk
from bot.chat.taps import Taps
from bot.chat.terminal_desk import TerminalDesk
from bot.chat.tours import LINK, Tours, images_of, run_line
from bot.chat.wire import scope_of_update
from bot.errors import ChatError
from bot.identity import Language
from bot.learning import events as on
from bot.learning.events import Event
from bot.richtext import RichText

log = logging.getLogger(__name__)

Context = CallbackContext[Any, Any, Any, Any]
Answer = Callable[[Conversation, Cause, str], Awaitable[None]]


class Handlers:
    """Thin: finds the conversation, names the event, passes it on."""

    def __init__(
        self,
        conversations: Conversations,
        performer: Performer,
        terminal: TerminalDesk,
        containers: ContainersDesk,
        pages: PagesDesk,
        taps: Taps,
        drivers: Drivers,
        driver: DriverDesk,
        study: StudyDesk,
        tours: Tours,
        life: LifeDesk,
        admin: AdminDesk,
        forget: ForgetDesk,
        guests: Guests,
    ) -> None:
        self._conversations = conversations
        self._performer = performer
        self._terminal = terminal
        self._containers = containers
        self._pages = pages
        self._taps = taps
        self._drivers = drivers
        self._driver = driver
        self._tours = tours
        self._guests = guests
        self._commands: dict[str, Answer] = {
            "start": self._start,
            "demo": lambda talk, cause, rest: tours.start(talk, cause, rest),
            "run": self._run,
            "chapters": self._event(on.ChaptersAsked()),
            "steps": self._event(on.StepsAsked()),
            "reset": self._event(on.ResetAsked()),
            "lang": self._event(on.LanguageAsked()),
            "ps": lambda talk, cause, rest: _later(talk, containers.show(talk, cause)),
            "pages": lambda talk, cause, rest: _later(talk, pages.overview(talk)),
            "record": lambda talk, cause, rest: _later(talk, terminal.record(talk)),
            "history": lambda talk, cause, rest: terminal.typing.history(talk),
            "size": lambda talk, cause, rest: terminal.typing.size(talk, cause, rest),
            "help": lambda talk, cause, rest: _help(talk),
            "sh": lambda talk, cause, rest: terminal.text(talk, cause, rest, in_turn=True),
            "progress": lambda talk, cause, rest: _later(talk, study.show(talk)),
            "extend": lambda talk, cause, rest: life.extend(talk, cause),
            "close": lambda talk, cause, rest: life.ask(talk, cause),
            "admin": lambda talk, cause, rest: _later(talk, admin.show(talk, cause)),
            "ban": admin.ban,
            "unban": admin.unban,
            "forget": lambda talk, cause, rest: forget.ask(talk, cause),
            "me": lambda talk, cause, rest: _private(talk),
        }

    def _event(self, event: Event) -> Answer:
        return lambda talk, cause, rest: self._performer.happen(talk, event, cause)

    async def _start(self, talk: Conversation, cause: Cause, payload: str) -> None:
        """A deep link leads to a step, or starts a tour."""
        link, _, chapter = payload.partition("-")
        if link != LINK:
            return await self._performer.happen(talk, on.Started(payload), cause)
        if refusal := await self._drivers.of_driving(talk, cause):
            return await talk.post(Outgoing(RichText(refusal)))
        await self._tours.start(talk, cause, chapter)

    async def _run(self, talk: Conversation, cause: Cause, rest: str) -> None:
        """/run <image> [arguments]."""
        command = run_line(talk.kit.course, rest)
        if command is None:
            images = "\n".join(image.removesuffix(":latest") for image in images_of(talk.kit.course))
            return await talk.say("demo.images", images=images)
        await self._terminal.text(talk, cause, command, in_turn=True)

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Add the handlers; the first that fits takes an update."""
        application.add_handler(TypeHandler(Update, self._at_the_door), group=-1)
        application.add_handler(MessageHandler(filters.UpdateType.EDITED_MESSAGE, self._edited))
        # Nearly everything is a tap, so taps come first: each handler before theirs would look at each of them.
        application.add_handler(CallbackQueryHandler(self._tap))
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
            rest = (message.text or "").partition(" ")[2] if name != "sh" else _after_command(message.text or "")
            talk, cause = await self._find(update), _cause(update)
            if refusal := await self._drivers.of_command(talk, cause, name):
                return await talk.post(Outgoing(RichText(refusal)))
            await self._commands[name](talk, cause, rest.strip())

        return handle

    async def _at_the_door(self, update: Update, context: Context) -> None:
        """Whoever is banned gets no answer; where only some are invited, others are told so in their own chat."""
        if self._guests.is_banned(update):
            raise ApplicationHandlerStop
        if self._guests.is_invited(update):
            return
        scope = scope_of_update(update)
        if scope is not None and scope.is_private:
            talk = await self._find(update)
            await talk.answer(_cause(update), talk.words("guest.closed"))
        raise ApplicationHandlerStop

    async def _choose_driver(self, update: Update, context: Context) -> None:
        message = update.effective_message
        if message is None or update.edited_message is not None:
            return
        answered = message.reply_to_message
        # In a topic a message that answers nobody answers the topic's opening.
        named = answered.from_user if answered and not answered.forum_topic_created else None
        await self._driver.show(await self._find(update), _cause(update), named)

    async def _migrated(self, update: Update, context: Context) -> None:
        """Telegram tells it twice, in the old chat and in the new one; the second time there is nothing to move."""
        message = update.effective_message
        if message is not None and message.migrate_to_chat_id:
            await self._conversations.move(message.chat_id, message.migrate_to_chat_id)
        elif message is not None and message.migrate_from_chat_id:
            await self._conversations.move(message.migrate_from_chat_id, message.chat_id)

    async def _edited(self, update: Update, context: Context) -> None:
        """Whoever corrects the last command wants it run again; any other edit is for readers alone."""
        message = update.edited_message
        text = message.text if message else None
        if not text:
            return
        talk, cause = await self._find(update), _cause(update)
        text = _after_command(text).strip() if text.startswith("/sh") else text
        if not self._terminal.typing.corrects(talk, cause, text):
            return
        if refusal := await self._drivers.of_driving(talk, cause):
            return await talk.post(Outgoing(RichText(refusal)))
        if talk.session.busy and not talk.shared:
            return await talk.say("note.busy")
        await self._terminal.text(talk, cause, text, in_turn=True)

    async def _find(self, update: Update) -> Conversation:
        scope = scope_of_update(update)
        if scope is None:
            raise ValueError("an update without a chat")
        talk = await self._conversations.find(scope, _language(update.effective_user))
        talk.meet(_person(update.effective_user))
        return talk

    async def _tap(self, update: Update, context: Context) -> None:
        talk, query = await self._find(update), update.callback_query
        await self._taps.take(talk, _cause(update), decode(query.data if query else None))

    async def _text(self, update: Update, context: Context) -> None:
        talk = await self._find(update)
        text = update.effective_message.text if update.effective_message else None
        if text and not talk.session.busy and _is_unknown_command(text):
            return await talk.say("note.unknown_command")
        await self._terminal.text(talk, _cause(update), text or "")

    async def _group_reply(self, update: Update, context: Context) -> None:
        """In a group only what is said to the bot is for the terminal: a reply to one of its messages."""
        message = update.effective_message
        answered = message.reply_to_message if message else None
        if message is None or answered is None or answered.from_user is None:
            return
        if answered.from_user.id != context.bot.id or answered.forum_topic_created:
            return
        talk, cause = await self._find(update), _cause(update)
        if refusal := await self._drivers.of_driving(talk, cause):
            return await talk.post(Outgoing(RichText(refusal)))
        await self._terminal.answer(talk, cause, message.text or "", answered.message_id)

    async def _other(self, update: Update, context: Context) -> None:
        await (await self._find(update)).say("note.unsupported")

    async def _failed(self, update: object, context: Context) -> None:
        """Never silent: whoever asked gets a word; the log gets the reason, without anybody's text."""
        if isinstance(context.error, ChatError):
            log.info("not delivered: %s", context.error)
            return
        log.error("an update could not be handled", exc_info=context.error)
        if not isinstance(update, Update) or scope_of_update(update) is None:
            return
        talk = await self._find(update)
        try:
            await talk.say("note.failed")
        except ChatError as error:
            log.info("not delivered: %s", error)


def _after_command(text: str) -> str:
    """What follows `/sh`, line breaks kept."""
    head = text.split(maxsplit=1)[0]
    return text[len(head) :]


def _is_unknown_command(text: str) -> bool:
    """`/foo` alone; with a second slash or words behind it, it is a path that the shell may know."""
    return text.startswith("/") and text[1:].replace("_", "").isalnum() and len(text) > 1


def _cause(update: Update) -> Cause:
    query, message = update.callback_query, update.effective_message
    return Cause(
        _person(update.effective_user),
        query.id if query else None,
        message.message_id if query and isinstance(message, Message) else _tapped(query),
        command=_command_of(message) if query and isinstance(message, Message) else None,
        said=message.message_id if query is None and isinstance(message, Message) else None,
        typed=query is None,
    )


def _command_of(message: Message) -> str | None:
    """A terminal message has its command as the first code on top; a long one is cut, and is not to be run so."""
    for entity in message.entities:
        if entity.type == MessageEntity.CODE:
            command = message.parse_entity(entity)
            return None if command.endswith("…") else command
    return None


def _tapped(query: CallbackQuery | None) -> int | None:
    """A message that is too old to be read still has its number."""
    return query.message.message_id if query and query.message else None


def _person(user: User | None) -> Person:
    return Person(user.id, user.full_name) if user else Person(0, "")


def _language(user: User | None) -> Language:
    code = (user.language_code or "") if user else ""
    return Language.ENGLISH if code and not code.startswith("ko") else Language.KOREAN


async def _private(talk: Conversation) -> None:
    """/me: the way to a lab of one's own, at the same step."""
    bot = talk.kit.sender.username
    if talk.scope.is_private:
        return await talk.say("me.already")
    place = talk.progress.place
    url = create_deep_linked_url(bot, "-".join(place) if place else None)
    await talk.post(Outgoing(RichText(talk.words("me.how")), rows((Button(talk.words("me.open"), url=url),))))


async def _help(talk: Conversation) -> None:
    await talk.send(talk.guide.help(COMMANDS))


async def _later(talk: Conversation, work: Coroutine[Any, Any, None]) -> None:
    """What asks the engine may take seconds, and must not keep the next update waiting."""
    talk.later(work)
