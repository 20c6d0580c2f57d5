"""What every Bot API method and every page action works with: the conversation, the update queue and the limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.localchat import texts
from bot.localchat.call import Call
from bot.localchat.conversation import Conversation
from bot.localchat.files import FileShelf
from bot.localchat.html import read_html
from bot.localchat.limits import Flood, Limits
from bot.localchat.refusals import Refused
from bot.localchat.updates import Updates
from bot.localchat.values import Chat, Message
from bot.richtext import MAX_UNITS, RichText


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of one local chat; `clock` gives seconds since 1970."""

    conversation: Conversation
    updates: Updates
    files: FileShelf
    flood: Flood
    limits: Limits
    clock: Callable[[], float]

    @property
    def now(self) -> int:
        return int(self.clock())


def chat_of(desk: Desk, call: Call) -> Chat:
    """The chat that a call names, if the bot may write there."""
    name = call.text("chat_id").strip()
    if not name:
        raise Refused("chat_id is empty")
    chat = desk.conversation.chats.get(int(name)) if name.lstrip("-").isdigit() else None
    if chat is None:
        raise Refused("chat not found")
    if chat.moved_to is not None:
        raise Refused("group chat was upgraded to a supergroup chat", moved_to=chat.moved_to)
    if chat.kind == "private" and not chat.started:
        raise Refused("bot can't initiate conversation with a user", 403)
    return chat


def topic_of(chat: Chat, call: Call) -> int | None:
    """The forum topic that a call names; the General topic has no id."""
    topic_id = call.number("message_thread_id")
    if not topic_id:
        return None
    topic = chat.topic(topic_id)
    if topic is None:
        raise Refused("message thread not found")
    if topic.closed:
        raise Refused("TOPIC_CLOSED")
    return topic_id


def own_message(desk: Desk, call: Call) -> Message:
    """The bot's message that a call wants to edit."""
    chat = chat_of(desk, call)
    message = desk.conversation.message(chat.id, call.number("message_id"))
    if message is None:
        raise Refused("message to edit not found")
    if message.sender_id != desk.conversation.bot.id or message.service is not None:
        raise Refused("message can't be edited")
    return message


def body_text(call: Call) -> RichText:
    """A message's text and entities; raises Refused when it is empty, too long, or its entities do not fit."""
    shown = _formatted(call, "text", "entities", limit=MAX_UNITS, too_long="message is too long")
    if not shown.text:
        raise Refused("message text is empty")
    return shown


def caption_text(call: Call, limit: int) -> RichText:
    return _formatted(call, "caption", "caption_entities", limit=limit, too_long="message caption is too long")


def _formatted(call: Call, text_name: str, entities_name: str, *, limit: int, too_long: str) -> RichText:
    text = call.text(text_name)
    mode = call.text("parse_mode").lower()
    if mode == "html":
        parsed = read_html(text)
        return texts.checked(parsed.text, parsed.entities, limit=limit, too_long=too_long)
    if mode:
        raise Refused("unsupported parse_mode")
    values = call.value(entities_name) or []
    if not isinstance(values, list):
        raise Refused("can't parse entities JSON object")
    return texts.checked(text, texts.read_entities(values), limit=limit, too_long=too_long)
