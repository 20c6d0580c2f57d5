"""Which conversation an update of Telegram belongs to, and where that has gone."""

from __future__ import annotations

from telegram import Message, Update

from bot.identity import Scope


def scope_of_message(message: Message) -> Scope:
    """Reply threads of ordinary groups carry a thread id too, so only a forum topic's counts."""
    return Scope(message.chat.id, message.message_thread_id if message.is_topic_message else None)


def scope_of_update(update: object) -> Scope | None:
    """The conversation that an update belongs to; None for updates without one."""
    if not isinstance(update, Update):
        return None
    if isinstance(update.effective_message, Message):
        return scope_of_message(update.effective_message)
    return Scope(update.effective_chat.id) if update.effective_chat else None


def migration_of(update: Update) -> tuple[int, int] | None:
    """The old and the new id of a group that has become a supergroup."""
    message = update.effective_message
    if message is not None and message.migrate_to_chat_id:
        return message.chat_id, message.migrate_to_chat_id
    if message is not None and message.migrate_from_chat_id:
        return message.migrate_from_chat_id, message.chat_id
    return None
