"""What an update says: who, with which button, in which language, with which words."""

from __future__ import annotations

from telegram import CallbackQuery, Message, MessageEntity, Update, User

from bot.chat.cause import Cause
from bot.chat.job import Person
from bot.identity import Language


def after_command(text: str) -> str:
    """What follows the command that a text begins with, line breaks kept."""
    head = text.split(maxsplit=1)[0]
    return text[len(head) :].strip()


def is_unknown_command(text: str) -> bool:
    """`/foo` alone; with a second slash or words behind it, it is a path that the shell may know."""
    return text.startswith("/") and text[1:].replace("_", "").isalnum() and len(text) > 1


def cause_of(update: Update) -> Cause:
    query, message = update.callback_query, update.effective_message
    return Cause(
        person_of(update.effective_user),
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


def person_of(user: User | None) -> Person:
    return Person(user.id, user.full_name) if user else Person(0, "")


def language_of(user: User | None) -> Language:
    code = (user.language_code or "") if user else ""
    return Language.ENGLISH if code and not code.startswith("ko") else Language.KOREAN
