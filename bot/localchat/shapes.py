"""Values as the Bot API writes them: dictionaries ready for JSON, with every field that a strict client asks for."""

from __future__ import annotations

from typing import Any

from bot.localchat.conversation import Conversation
from bot.localchat.values import Button, Chat, File, Keyboard, Media, Message, Poll, Query, Service, User
from bot.richtext import Entity

Shape = dict[str, Any]


def filled(**fields: object) -> Shape:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def user(value: User) -> Shape:
    return filled(
        id=value.id,
        is_bot=value.is_bot,
        first_name=value.first_name,
        username=value.username,
        language_code=value.language_code,
    )


def chat(value: Chat, conversation: Conversation) -> Shape:
    if value.kind == "private":
        person = conversation.users[value.id]
        return filled(id=value.id, type="private", first_name=person.first_name, username=person.username)
    return filled(id=value.id, type=value.kind, title=value.title, is_forum=value.is_forum or None)


def entity(value: Entity) -> Shape:
    return filled(
        type=value.kind,
        offset=value.offset,
        length=value.length,
        language=value.language,
        url=value.url,
        unix_time=value.unix_time,
        date_time_format=value.date_time_format,
    )


def button(value: Button) -> Shape:
    what = {"text": value.value} if value.kind == "copy_text" else value.value
    return filled(text=value.text, style=value.style) | {value.kind: what}


def keyboard(value: Keyboard) -> Shape | None:
    return {"inline_keyboard": [[button(item) for item in row] for row in value]} if value else None


def file(value: File) -> Shape:
    return {"file_id": value.id, "file_unique_id": value.id[-16:], "file_size": value.size}


def media(value: Media) -> Shape:
    """The message's fields for its media."""
    if value.kind == "sticker" or value.file is None:
        sticker = {"file_id": "sticker", "file_unique_id": "sticker", "type": "regular", "width": 512, "height": 512}
        return {"sticker": filled(**sticker, is_animated=False, is_video=False, emoji=value.emoji)}
    if value.kind == "photo":
        return {"photo": [file(value.file) | {"width": value.file.width, "height": value.file.height}]}
    return {"document": file(value.file) | {"file_name": value.file.name, "mime_type": value.file.mime}}


def poll(value: Poll) -> Shape:
    options = [
        {"persistent_id": str(index), "text": text, "voter_count": value.count(index)}
        for index, text in enumerate(value.options)
    ]
    return filled(
        id=value.id,
        question=value.question,
        options=options,
        total_voter_count=len(value.votes),
        is_closed=value.closed,
        is_anonymous=value.anonymous,
        type="quiz" if value.quiz else "regular",
        allows_multiple_answers=value.multiple,
        allows_revoting=not value.quiz,
        members_only=False,
        correct_option_ids=list(value.correct) if value.quiz else None,
        explanation=value.explanation or None,
    )


def service(value: Service, conversation: Conversation, chat_id: int) -> Shape:
    match value.kind:
        case "forum_topic_created":
            return {value.kind: {"name": value.name, "icon_color": 0x6FB9F0}}
        case "forum_topic_edited":
            return {value.kind: {"name": value.name}}
        case "migrate_to_chat_id" | "migrate_from_chat_id":
            return {value.kind: value.chat_id}
        case "pinned_message":
            pinned = conversation.message(chat_id, value.message_id)
            return {value.kind: message(pinned, conversation, depth=1)} if pinned else {}
        case _:
            return {value.kind: {}}


def message(value: Message, conversation: Conversation, depth: int = 0) -> Shape:
    """A whole message; the message it answers is told too, but not that one's own."""
    place = conversation.chats[value.chat_id]
    shape = filled(
        message_id=value.id,
        date=value.date,
        chat=chat(place, conversation),
        edit_date=value.edit_date,
        message_thread_id=value.topic_id or value.thread_id,
        is_topic_message=True if value.topic_id else None,
        reply_markup=keyboard(value.keyboard),
        quote={"text": value.quote, "position": 0, "is_manual": True} if value.quote else None,
    )
    shape["from"] = user(conversation.users[value.sender_id])
    shape |= _content(value, conversation)
    if depth == 0 and (answered := _answered(value, conversation)) is not None:
        shape["reply_to_message"] = message(answered, conversation, depth=1)
    return shape


def _answered(value: Message, conversation: Conversation) -> Message | None:
    """In a topic a message without an answer answers the topic's opening, as Telegram has it."""
    wanted = value.reply_to or (value.topic_id if value.topic_id != value.id else None)
    return conversation.message(value.chat_id, wanted)


def _content(value: Message, conversation: Conversation) -> Shape:
    if value.service is not None:
        return service(value.service, conversation, value.chat_id)
    if value.poll_id is not None:
        return {"poll": poll(conversation.polls[value.poll_id])}
    entities = [entity(item) for item in value.entities] or None
    if value.media is None:
        return filled(text=value.text, entities=entities)
    return media(value.media) | filled(caption=value.text or None, caption_entities=entities)


def callback(query: Query, data: str, conversation: Conversation) -> Shape:
    """A pressed button as an update carries it."""
    pressed = conversation.message(query.chat_id, query.message_id)
    assert pressed is not None
    return {
        "id": query.id,
        "from": user(conversation.users[query.user_id]),
        "message": message(pressed, conversation),
        "chat_instance": str(-query.chat_id * 7919),
        "data": data,
    }
