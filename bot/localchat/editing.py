"""Bot API methods that change what was sent: texts, captions, media, keyboards, polls, reactions, pins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.localchat import shapes, texts
from bot.localchat.call import Call
from bot.localchat.desk import Desk, body_text, caption_text, chat_of, own_message
from bot.localchat.keyboards import read_markup
from bot.localchat.limits import CAPTION_UNITS
from bot.localchat.refusals import NOT_MODIFIED, Refused
from bot.localchat.sending import document_file, photo_file
from bot.localchat.values import Keyboard, Media, Message, Service

DELETE_SECONDS = 48 * 3600
"""A bot deletes its messages for two days (Bot API, deleteMessage)."""
MAX_DELETED = 100


def edit_text(desk: Desk, call: Call) -> Any:
    message = own_message(desk, call)
    body = body_text(call)
    if message.media is not None or message.poll_id is not None:
        raise Refused("there is no text in the message to edit")
    return _edited(desk, message, replace(message, text=body.text, entities=body.entities, keyboard=_keyboard(call)))


def edit_caption(desk: Desk, call: Call) -> Any:
    message = own_message(desk, call)
    body = caption_text(call, CAPTION_UNITS)
    if not message.has_caption:
        raise Refused("there is no caption in the message to edit")
    return _edited(desk, message, replace(message, text=body.text, entities=body.entities, keyboard=_keyboard(call)))


def edit_media(desk: Desk, call: Call) -> Any:
    message = own_message(desk, call)
    wanted = call.value("media")
    if not isinstance(wanted, dict) or wanted.get("type") not in ("photo", "document"):
        raise Refused("can't parse InputMedia: only photos and documents are supported here")
    find = photo_file if wanted["type"] == "photo" else document_file
    media = Media(wanted["type"], find(desk, call, str(wanted.get("media", ""))))
    entities = texts.read_entities(wanted.get("caption_entities") or [])
    too_long = "message caption is too long"
    body = texts.checked(str(wanted.get("caption") or ""), entities, limit=CAPTION_UNITS, too_long=too_long)
    changed = replace(message, media=media, text=body.text, entities=body.entities, keyboard=_keyboard(call))
    return _edited(desk, message, changed)


def edit_keyboard(desk: Desk, call: Call) -> Any:
    message = own_message(desk, call)
    return _edited(desk, message, replace(message, keyboard=_keyboard(call)), dated=False)


def _keyboard(call: Call) -> Keyboard:
    return read_markup(call.value("reply_markup"))[0]


def _edited(desk: Desk, before: Message, after: Message, *, dated: bool = True) -> Any:
    """Keep the change; a keyboard alone changing leaves no "edited" mark."""
    if after == before:
        raise Refused(NOT_MODIFIED)
    desk.flood.spend(before.chat_id, desk.clock())
    if dated:
        after = replace(after, edit_date=max(desk.now, before.date))
    return shapes.message(desk.conversation.edit(after), desk.conversation)


def delete_message(desk: Desk, call: Call) -> bool:
    chat = chat_of(desk, call)
    message = desk.conversation.message(chat.id, call.number("message_id"))
    if message is None:
        raise Refused("message to delete not found")
    foreign = chat.kind != "private" and message.sender_id != desk.conversation.bot.id
    if foreign or desk.now - message.date > DELETE_SECONDS:
        raise Refused("message can't be deleted for everyone")
    desk.conversation.remove(chat.id, (message.id,))
    return True


def delete_messages(desk: Desk, call: Call) -> bool:
    """Several at once; those that are not there are skipped."""
    chat = chat_of(desk, call)
    wanted = call.value("message_ids")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MAX_DELETED:
        raise Refused(
            "message identifiers are not specified" if not wanted else "too many message identifiers specified"
        )
    desk.conversation.remove(chat.id, (int(message_id) for message_id in wanted))
    return True


def stop_poll(desk: Desk, call: Call) -> Any:
    message = own_message(desk, call)
    poll = desk.conversation.polls.get(message.poll_id or "")
    if poll is None:
        raise Refused("message with poll to stop not found")
    if poll.closed:
        raise Refused("poll has already been closed")
    closed = replace(poll, closed=True)
    desk.conversation.set_poll(closed)
    return shapes.poll(closed)


def set_reaction(desk: Desk, call: Call) -> bool:
    chat = chat_of(desk, call)
    message = desk.conversation.message(chat.id, call.number("message_id"))
    if message is None:
        raise Refused("message to react not found")
    wanted = call.value("reaction") or []
    if len(wanted) > 1:
        raise Refused("REACTIONS_TOO_MANY")
    if any(item.get("type") != "emoji" or not item.get("emoji") for item in wanted):
        raise Refused("REACTION_INVALID")
    desk.conversation.edit(replace(message, reactions=tuple(item["emoji"] for item in wanted)))
    return True


def pin_message(desk: Desk, call: Call) -> bool:
    chat = chat_of(desk, call)
    message = desk.conversation.message(chat.id, call.number("message_id"))
    if message is None:
        raise Refused("message to pin not found")
    desk.conversation.set_chat(replace(chat, pinned=message.id))
    note = Service("pinned_message", message_id=message.id)
    bot = desk.conversation.bot.id
    desk.conversation.post(Message(chat.id, 0, bot, desk.now, topic_id=message.topic_id, service=note))
    return True


def unpin_message(desk: Desk, call: Call) -> bool:
    chat = chat_of(desk, call)
    if chat.pinned is None:
        raise Refused("message to unpin not found")
    desk.conversation.set_chat(replace(chat, pinned=None))
    return True
