"""What people do at the page: write, press, vote, edit, delete. Each act changes the conversation and tells the bot."""

from __future__ import annotations

import secrets
from dataclasses import replace

from bot.localchat import shapes, texts
from bot.localchat.desk import Desk
from bot.localchat.keyboards import CALLBACK_BYTES
from bot.localchat.limits import CAPTION_UNITS
from bot.localchat.privacy import hears
from bot.localchat.refusals import Refused
from bot.localchat.values import Chat, Media, Message, Query, Service, Topic, User
from bot.richtext import MAX_UNITS, RichText

INLINE_CHARACTERS = 256
"""Bot API, InlineQuery.query."""
FIRST_GUEST = 2001
"""Ids of people who are added later start here."""


def chat_for(desk: Desk, user_id: int, chat_id: int) -> Chat:
    """The chat, if this person is in it."""
    chat = desk.conversation.chats.get(chat_id)
    if chat is None or (chat.id != user_id and user_id not in chat.members):
        raise Refused("chat not found")
    return chat


def says(
    desk: Desk,
    user_id: int,
    chat_id: int,
    text: str,
    *,
    topic_id: int | None = None,
    reply_to: int | None = None,
    media: Media | None = None,
) -> Message:
    """A message of this person; `text` is the caption when there is media."""
    chat = chat_for(desk, user_id, chat_id)
    if topic_id is not None and chat.topic(topic_id) is None:
        raise Refused("message thread not found")
    answered = desk.conversation.message(chat.id, reply_to)
    body = _body(text, media)
    if chat.kind == "private" and not chat.started:
        desk.conversation.set_chat(replace(chat, started=True))
    draft = Message(
        chat_id=chat.id,
        id=0,
        sender_id=user_id,
        date=desk.now,
        text=body.text,
        entities=body.entities,
        media=media,
        topic_id=topic_id,
        thread_id=(answered.thread_id or answered.id) if answered and chat.id < 0 and not chat.is_forum else None,
        reply_to=answered.id if answered else None,
    )
    message = desk.conversation.post(draft)
    _tell_bot(desk, "message", message)
    return message


def _body(text: str, media: Media | None) -> RichText:
    limit = CAPTION_UNITS if media is not None else MAX_UNITS
    body = texts.checked(text, (), limit=limit, too_long="message is too long", commands=True)
    if media is None and not body.text:
        raise Refused("message text is empty")
    return body


def _tell_bot(desk: Desk, kind: str, message: Message) -> None:
    if hears(desk.conversation, message):
        desk.updates.add(kind, shapes.message(message, desk.conversation))


def edits(desk: Desk, user_id: int, chat_id: int, message_id: int, text: str) -> Message:
    """This person's own text, changed."""
    chat = chat_for(desk, user_id, chat_id)
    message = desk.conversation.message(chat.id, message_id)
    if message is None or message.sender_id != user_id:
        raise Refused("message can't be edited")
    body = _body(text, message.media)
    if body.text == message.text:
        return message
    changed = replace(message, text=body.text, entities=body.entities, edit_date=desk.now)
    desk.conversation.edit(changed)
    _tell_bot(desk, "edited_message", changed)
    return changed


def deletes(desk: Desk, user_id: int, chat_id: int, message_id: int) -> None:
    """Own messages everywhere, any message in a private chat. Telegram does not tell the bot."""
    chat = chat_for(desk, user_id, chat_id)
    message = desk.conversation.message(chat.id, message_id)
    if message is None or (chat.kind != "private" and message.sender_id != user_id):
        raise Refused("message can't be deleted for everyone")
    desk.conversation.remove(chat.id, (message_id,))


def presses(desk: Desk, user_id: int, chat_id: int, message_id: int, data: str) -> Query:
    """A tap on a button. As with Telegram's clients the data need not be on the message any more: it may be old."""
    chat = chat_for(desk, user_id, chat_id)
    message = desk.conversation.message(chat.id, message_id)
    if message is None or message.sender_id != desk.conversation.bot.id:
        raise Refused("MESSAGE_ID_INVALID")
    if not 1 <= len(data.encode()) <= CALLBACK_BYTES:
        raise Refused("DATA_INVALID")
    query = Query(str(secrets.randbits(62)), user_id, chat.id, message.id, desk.clock())
    _forget_old_queries(desk)
    desk.conversation.queries[query.id] = query
    desk.updates.add("callback_query", shapes.callback(query, data, desk.conversation))
    return query


def _forget_old_queries(desk: Desk) -> None:
    oldest = desk.clock() - desk.limits.callback_seconds
    queries = desk.conversation.queries
    for query_id in [query.id for query in queries.values() if query.asked < oldest]:
        del queries[query_id]


def asks_inline(desk: Desk, user_id: int, text: str) -> str:
    """`@bot text` in some chat; the query's id. Of one person only the newest waits, as each letter asks anew."""
    for older in [query for query, asker in desk.conversation.inline.items() if asker == user_id]:
        del desk.conversation.inline[older]
    query_id = str(secrets.randbits(62))
    desk.conversation.inline[query_id] = user_id
    person = shapes.user(desk.conversation.users[user_id])
    desk.updates.add("inline_query", {"id": query_id, "from": person, "query": text[:INLINE_CHARACTERS], "offset": ""})
    return query_id


def votes(desk: Desk, user_id: int, chat_id: int, message_id: int, options: tuple[int, ...]) -> None:
    """A choice in a poll; a quiz takes one, once."""
    chat = chat_for(desk, user_id, chat_id)
    message = desk.conversation.message(chat.id, message_id)
    poll = desk.conversation.polls.get((message.poll_id if message else None) or "")
    if poll is None or poll.closed:
        raise Refused("MESSAGE_POLL_CLOSED")
    if any(not 0 <= option < len(poll.options) for option in options) or (len(options) > 1 and not poll.multiple):
        raise Refused("OPTION_INVALID")
    if poll.quiz and user_id in poll.votes:
        raise Refused("REVOTE_NOT_ALLOWED")
    kept = {voter: chosen for voter, chosen in poll.votes.items() if voter != user_id}
    poll = replace(poll, votes=kept | {user_id: options} if options else kept)
    desk.conversation.set_poll(poll)
    desk.updates.add("poll", shapes.poll(poll))
    if not poll.anonymous:
        person = shapes.user(desk.conversation.users[user_id])
        persistent = [str(option) for option in options]
        answer = {"poll_id": poll.id, "user": person, "option_ids": list(options), "option_persistent_ids": persistent}
        desk.updates.add("poll_answer", answer)


def joins(desk: Desk, first_name: str, language_code: str | None) -> User:
    """A new person, in every group and with a private chat."""
    user = User(max(FIRST_GUEST - 1, *desk.conversation.users.keys() - {desk.conversation.bot.id}) + 1, first_name)
    user = replace(user, language_code=language_code)
    desk.conversation.add_user(user)
    for chat in tuple(desk.conversation.chats.values()):
        if chat.kind == "supergroup":
            desk.conversation.set_chat(replace(chat, members=(*chat.members, user.id)))
    return user


def upgrades(desk: Desk, user_id: int, chat_id: int) -> Chat:
    """A group becomes a supergroup with another id, as Telegram does it: the bot hears of it in both chats."""
    chat = chat_for(desk, user_id, chat_id)
    if chat.kind == "private" or chat.moved_to is not None:
        raise Refused("chat not found")
    new = Chat(min(desk.conversation.chats) - 1, "supergroup", chat.title, chat.members)
    desk.conversation.add_chat(new)
    for place, note in (
        (chat, Service("migrate_to_chat_id", chat_id=new.id)),
        (new, Service("migrate_from_chat_id", chat_id=chat.id)),
    ):
        _tell_bot(desk, "message", desk.conversation.post(Message(place.id, 0, user_id, desk.now, service=note)))
    desk.conversation.set_chat(replace(desk.conversation.chats[chat.id], moved_to=new.id))
    return new


def opens_topic(desk: Desk, user_id: int, chat_id: int, name: str) -> Topic:
    """A new topic in a forum; its opening message is a service note that the bot hears."""
    chat = chat_for(desk, user_id, chat_id)
    topic = desk.conversation.open_topic(chat.id, name, user_id, desk.now, 0x6FB9F0)
    opening = desk.conversation.message(chat.id, topic.id)
    assert opening is not None
    _tell_bot(desk, "message", opening)
    return topic
