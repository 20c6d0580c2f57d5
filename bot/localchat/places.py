"""Bot API methods about where the bot is: chats, their members, forum topics, files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.localchat import shapes
from bot.localchat.call import Call
from bot.localchat.desk import Desk, chat_of
from bot.localchat.refusals import Refused
from bot.localchat.values import Service, Topic
from bot.richtext import units

TOPIC_COLOR = 0x6FB9F0
"""The first of the six that Telegram allows (Bot API, createForumTopic)."""
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
"""Nobody gives any here, but a strict client asks for the fields (Bot API, AcceptedGiftTypes)."""


def get_chat(desk: Desk, call: Call) -> Any:
    chat = chat_of(desk, call)
    return shapes.chat(chat, desk.conversation) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, False),
    }


def get_member(desk: Desk, call: Call) -> Any:
    chat = chat_of(desk, call)
    user_id = call.number("user_id") or 0
    person = desk.conversation.users.get(user_id)
    if person is None:
        raise Refused("user not found")
    if user_id == chat.owner:
        return {"status": "creator", "user": shapes.user(person), "is_anonymous": False}
    present = user_id in (*chat.members, chat.id, desk.conversation.bot.id)
    return {"status": "member" if present else "left", "user": shapes.user(person)}


def get_member_count(desk: Desk, call: Call) -> int:
    return len(chat_of(desk, call).members) + 1


def create_topic(desk: Desk, call: Call) -> Any:
    """Counts as a send (tdlib/td issue 2592)."""
    chat = chat_of(desk, call)
    name = call.text("name").strip()
    if not 1 <= units(name) <= 128:
        raise Refused("TOPIC_TITLE_EMPTY" if not name else "TOPIC_TITLE_TOO_LONG")
    desk.flood.spend(chat.id, desk.clock())
    color = call.number("icon_color") or TOPIC_COLOR
    topic = desk.conversation.open_topic(chat.id, name, desk.conversation.bot.id, desk.now, color)
    return {"message_thread_id": topic.id, "name": topic.name, "icon_color": topic.icon_color}


def edit_topic(desk: Desk, call: Call) -> bool:
    topic = _topic(desk, call)
    name = call.text("name").strip() or topic.name
    return _change_topic(desk, call, replace(topic, name=name), Service("forum_topic_edited", name))


def close_topic(desk: Desk, call: Call) -> bool:
    return _change_topic(desk, call, replace(_topic(desk, call), closed=True), Service("forum_topic_closed"))


def reopen_topic(desk: Desk, call: Call) -> bool:
    return _change_topic(desk, call, replace(_topic(desk, call), closed=False), Service("forum_topic_reopened"))


def _topic(desk: Desk, call: Call) -> Topic:
    topic = chat_of(desk, call).topic(call.number("message_thread_id"))
    if topic is None:
        raise Refused("message thread not found")
    return topic


def _change_topic(desk: Desk, call: Call, topic: Topic, note: Service) -> bool:
    chat = chat_of(desk, call)
    if topic in chat.topics:
        raise Refused("TOPIC_NOT_MODIFIED")
    desk.conversation.set_topic(chat.id, topic, note, desk.conversation.bot.id, desk.now)
    return True


def get_file(desk: Desk, call: Call) -> Any:
    wanted = call.text("file_id")
    file = desk.conversation.file(wanted)
    if file is None:
        raise Refused("wrong file_id or the file is temporarily unavailable")
    return shapes.file(file) | {"file_path": f"documents/{file.id}"}
