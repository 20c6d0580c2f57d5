"""What the chat page reads: the Bot API's shapes, and what a client of Telegram knows beyond them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.localchat import shapes, texts
from bot.localchat.conversation import (
    Acting,
    Answered,
    Change,
    Conversation,
    Drafted,
    Edited,
    Offered,
    Posted,
    ProfileChanged,
    Removed,
)
from bot.localchat.values import Chat, Message, User
from bot.richtext import RichText

Shape = dict[str, Any]


def message(value: Message, conversation: Conversation, user_id: int) -> Shape:
    """A message for this person: with reactions, their own vote, and commands to tap in the bot's words too."""
    shown = texts.with_found(RichText(value.text, value.entities), (texts.COMMAND_SEARCH,))
    shape = shapes.message(replace(value, entities=shown.entities), conversation)
    if value.reactions:
        shape["reactions"] = list(value.reactions)
    if value.force_reply is not None:
        shape["force_reply"] = {"placeholder": value.force_reply.placeholder or ""}
    if value.poll_id is not None:
        poll = conversation.polls[value.poll_id]
        shape["chosen"] = list(poll.votes.get(user_id, ()))
    if value.topic_id is not None and value.reply_to is None:
        shape.pop("reply_to_message", None)
    return shape


def chat(value: Chat, conversation: Conversation, user_id: int) -> Shape:
    """A chat in the list, with the people in it and what was said last."""
    kept = conversation.messages(value.id)
    topics = [{"id": topic.id, "name": topic.name, "closed": topic.closed} for topic in value.topics]
    return {
        "id": value.id,
        "type": value.kind,
        "title": value.title,
        "is_forum": value.is_forum,
        "started": value.started or value.kind != "private",
        "topics": topics,
        "members": [shapes.user(conversation.users[member]) for member in value.members],
        "pinned": value.pinned,
        "last_message": message(kept[-1], conversation, user_id) if kept else None,
    }


def hello(person: User, conversation: Conversation) -> Shape:
    """Everything that the page shows before any message."""
    language = person.language_code or ""
    people = [shapes.user(user) for user in conversation.users.values() if not user.is_bot]
    return {
        "me": shapes.user(person),
        "people": people,
        "bot": bot(conversation, language),
        "chats": [chat(value, conversation, person.id) for value in conversation.chats_of(person.id)],
    }


def bot(conversation: Conversation, language: str) -> Shape:
    """The bot as somebody with this language sees it; commands by the kind of chat."""
    profile = conversation.profile
    shape = shapes.user(conversation.bot)
    shape["first_name"] = _in(profile.names, language) or conversation.bot.first_name
    shape["description"] = _in(profile.descriptions, language)
    shape["short_description"] = _in(profile.short_descriptions, language)
    shape["commands"] = {
        "private": _commands(conversation, "all_private_chats", language),
        "supergroup": _commands(conversation, "all_group_chats", language),
    }
    return shape


def _in(words: Any, language: str) -> Any:
    return words.get(language) or words.get("") or ""


def _commands(conversation: Conversation, scope: str, language: str) -> list[Shape]:
    """The first list that exists, from the closest scope to the widest (Bot API, BotCommandScope)."""
    lists = conversation.profile.commands
    order = (f"{scope}|{language}", f"{scope}|", f"default|{language}", "default|")
    found = next((lists[key] for key in order if lists.get(key)), ())
    return [{"command": item.command, "description": item.description} for item in found]


def concerns(change: Change, conversation: Conversation, user_id: int) -> bool:
    """Whether this person's page is told about the change."""
    match change:
        case Posted(value) | Edited(value):
            chat_id = value.chat_id
        case Removed(chat_id, _) | Acting(chat_id, _, _) | Drafted(chat_id, _, _):
            pass
        case Answered(query):
            return query.user_id == user_id
        case Offered(asker):
            return asker == user_id
        case ProfileChanged():
            return True
    return chat_id == user_id or user_id in conversation.chats[chat_id].members


def event(change: Change, conversation: Conversation, user_id: int) -> Shape:
    """A change as the live connection carries it."""
    match change:
        case Posted(value):
            return {"type": "message", "message": message(value, conversation, user_id)}
        case Edited(value):
            return {"type": "edit", "message": message(value, conversation, user_id)}
        case Removed(chat_id, message_ids):
            return {"type": "delete", "chat": chat_id, "messages": list(message_ids)}
        case Acting(chat_id, topic_id, action):
            return {"type": "action", "chat": chat_id, "topic": topic_id, "action": action}
        case Drafted(chat_id, draft_id, text):
            return {"type": "draft", "chat": chat_id, "draft": draft_id, "text": text}
        case Answered(query, text, alert, url):
            about = {"query": query.id, "chat": query.chat_id, "message": query.message_id}
            return {"type": "answer", **about, "text": text, "alert": alert, "url": url}
        case Offered(_, query_id, results, offered):
            return {"type": "inline", "query": query_id, "results": list(results), "button": offered}
        case ProfileChanged():
            return {"type": "profile"}
