"""Everything that is said in the local chat: chats, people, messages, and what each change means for those who watch.

No clock, no network: times come as arguments, and every change is told to `watch` as a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.localchat.refusals import Refused
from bot.localchat.values import Chat, File, Message, Poll, Profile, Query, Service, Topic, User


@dataclass(frozen=True, slots=True)
class Posted:
    message: Message


@dataclass(frozen=True, slots=True)
class Edited:
    message: Message


@dataclass(frozen=True, slots=True)
class Removed:
    chat_id: int
    message_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Acting:
    """The bot is typing, or sending something."""

    chat_id: int
    topic_id: int | None
    action: str


@dataclass(frozen=True, slots=True)
class Drafted:
    """A text that the bot is still writing, shown until its message comes."""

    chat_id: int
    draft_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The bot's answer to a pressed button."""

    query: Query
    text: str
    alert: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class Offered:
    """The bot's cards for an inline query, as it wrote them."""

    user_id: int
    query_id: str
    results: tuple[Any, ...]
    button: Any


@dataclass(frozen=True, slots=True)
class ProfileChanged:
    """The bot's names, descriptions or commands changed, or a chat's topics."""


Change = Posted | Edited | Removed | Acting | Drafted | Answered | Offered | ProfileChanged


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole conversation at one moment, as it is kept."""

    users: tuple[User, ...]
    chats: tuple[Chat, ...]
    messages: tuple[Message, ...]
    polls: tuple[Poll, ...]
    profile: Profile
    bot_id: int
    privacy: bool = True
    updates: tuple[dict[str, Any], ...] = ()
    next_update: int = 1
    allowed: tuple[str, ...] | None = None
    closed_cleanly: bool = False

    def files(self) -> tuple[File, ...]:
        """The files that messages show, oldest first."""
        shown = (message for message in sorted(self.messages, key=lambda message: message.date) if message.media)
        return tuple(message.media.file for message in shown if message.media and message.media.file)


class Conversation:
    """The holder of the current values; each method is one change."""

    def __init__(self, snapshot: Snapshot, *, history: int) -> None:
        self.users = {user.id: user for user in snapshot.users}
        self.chats = {chat.id: chat for chat in snapshot.chats}
        self.polls = {poll.id: poll for poll in snapshot.polls}
        self.profile = snapshot.profile
        self.bot = self.users[snapshot.bot_id]
        self.privacy = snapshot.privacy
        self.queries: dict[str, Query] = {}
        self.inline: dict[str, int] = {}
        """Inline queries that wait for the bot, and who asked."""
        self._messages: dict[int, dict[int, Message]] = {chat_id: {} for chat_id in self.chats}
        for message in snapshot.messages:
            self._messages[message.chat_id][message.id] = message
        self._history = history
        self._watchers: list[Callable[[Change], None]] = []

    def snapshot(self) -> Snapshot:
        messages = tuple(message for kept in self._messages.values() for message in kept.values())
        return Snapshot(
            users=tuple(self.users.values()),
            chats=tuple(self.chats.values()),
            messages=messages,
            polls=tuple(self.polls.values()),
            profile=self.profile,
            bot_id=self.bot.id,
            privacy=self.privacy,
        )

    def watch(self, watcher: Callable[[Change], None]) -> None:
        self._watchers.append(watcher)

    def tell(self, change: Change) -> None:
        for watcher in self._watchers:
            watcher(change)

    # --- reading

    def message(self, chat_id: int, message_id: int | None) -> Message | None:
        return self._messages[chat_id].get(message_id) if message_id is not None else None

    def messages(self, chat_id: int) -> tuple[Message, ...]:
        return tuple(self._messages[chat_id].values())

    def chats_of(self, user_id: int) -> tuple[Chat, ...]:
        return tuple(chat for chat in self.chats.values() if chat.id == user_id or user_id in chat.members)

    def file(self, file_id: str) -> File | None:
        """A file that some message shows."""
        media = (message.media for kept in self._messages.values() for message in kept.values())
        return next((item.file for item in media if item and item.file and item.file.id == file_id), None)

    # --- changing

    def add_user(self, user: User) -> None:
        """A person with a private chat of their own."""
        self.users[user.id] = user
        self.chats[user.id] = Chat(user.id, "private")
        self._messages[user.id] = {}

    def add_chat(self, chat: Chat) -> None:
        self.chats[chat.id] = chat
        self._messages[chat.id] = {}

    def set_user(self, user: User) -> None:
        self.users[user.id] = user
        self.tell(ProfileChanged())

    def set_chat(self, chat: Chat) -> None:
        self.chats[chat.id] = chat

    def set_profile(self, profile: Profile) -> None:
        self.profile = profile
        self.tell(ProfileChanged())

    def post(self, draft: Message) -> Message:
        """Give the draft the chat's next id and keep it; the oldest message leaves when there are too many."""
        chat = self.chats[draft.chat_id]
        message = replace(draft, id=chat.last_message_id + 1)
        self.chats[chat.id] = replace(chat, last_message_id=message.id)
        kept = self._messages[chat.id]
        kept[message.id] = message
        while len(kept) > self._history:
            self._forget(kept.pop(next(iter(kept))))
        self.tell(Posted(message))
        return message

    def edit(self, message: Message) -> Message:
        self._messages[message.chat_id][message.id] = message
        self.tell(Edited(message))
        return message

    def remove(self, chat_id: int, message_ids: Iterable[int]) -> tuple[int, ...]:
        """The ids that were there and are gone now."""
        kept = self._messages[chat_id]
        gone = tuple(message_id for message_id in message_ids if message_id in kept)
        for message_id in gone:
            self._forget(kept.pop(message_id))
        if gone:
            self.tell(Removed(chat_id, gone))
        return gone

    def _forget(self, message: Message) -> None:
        if message.poll_id is not None:
            self.polls.pop(message.poll_id, None)

    def set_poll(self, poll: Poll) -> None:
        """Keep a poll's new state and show it in its message."""
        self.polls[poll.id] = poll
        for kept in self._messages.values():
            for message in kept.values():
                if message.poll_id == poll.id:
                    self.tell(Edited(message))

    def open_topic(self, chat_id: int, name: str, sender_id: int, date: int, icon_color: int) -> Topic:
        """A new forum topic and its opening message, whose id is the topic's."""
        chat = self.chats[chat_id]
        if not chat.is_forum:
            raise Refused("the chat is not a forum")
        topic = Topic(chat.last_message_id + 1, name, icon_color)
        self.chats[chat_id] = replace(chat, topics=(*chat.topics, topic))
        opening = Service("forum_topic_created", name)
        self.post(Message(chat_id, 0, sender_id, date, topic_id=topic.id, service=opening))
        self.tell(ProfileChanged())
        return topic

    def set_topic(self, chat_id: int, topic: Topic, note: Service, sender_id: int, date: int) -> None:
        chat = self.chats[chat_id]
        topics = tuple(topic if other.id == topic.id else other for other in chat.topics)
        self.chats[chat_id] = replace(chat, topics=topics)
        self.post(Message(chat_id, 0, sender_id, date, topic_id=topic.id, service=note))
        self.tell(ProfileChanged())
