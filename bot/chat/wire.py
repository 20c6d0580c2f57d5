"""Between our values and Telegram's: entities, keyboards, scopes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from telegram import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    MessageEntity,
    Update,
)

from bot.chat.message import Button, Rows
from bot.identity import Scope
from bot.richtext import Entity, RichText

KEPT = 512
"""Entities and keyboards whose Telegram form is kept: those of every step in every language, and of what is often said.

Making them anew takes 0.1 ms of a tap's 1.5. Nobody's words are kept: entities have positions alone.
"""


def entities(text: RichText) -> tuple[MessageEntity, ...]:
    return _entities(text.entities)


@lru_cache(KEPT)
def _entities(found: tuple[Entity, ...]) -> tuple[MessageEntity, ...]:
    return tuple(_entity(entity) for entity in found)


def _entity(entity: Entity) -> MessageEntity:
    return MessageEntity(entity.kind, entity.offset, entity.length, url=entity.url, language=entity.language)


@lru_cache(KEPT)
def keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    return InlineKeyboardMarkup([_line(row) for row in rows]) if rows else None


def _line(row: Iterable[Button]) -> list[InlineKeyboardButton]:
    return [
        InlineKeyboardButton(
            button.label,
            callback_data=button.data,
            url=button.url,
            copy_text=CopyTextButton(button.copy) if button.copy is not None else None,
        )
        for button in row
    ]


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
