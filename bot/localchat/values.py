"""What a conversation is made of: frozen values with plain fields, so that a whole state can be kept as JSON.

Ids follow Telegram: a user and their private chat share a positive id, supergroups are below -1000000000000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.richtext import Entity


@dataclass(frozen=True, slots=True)
class User:
    """A person at the chat page, or the bot."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """A forum topic; its id is the id of the service message that opened it, as in Telegram."""

    id: int
    name: str
    icon_color: int = 0x6FB9F0
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    """A private chat or a supergroup; `last_message_id` only grows."""

    id: int
    kind: Literal["private", "supergroup"]
    title: str = ""
    members: tuple[int, ...] = ()
    is_forum: bool = False
    topics: tuple[Topic, ...] = ()
    last_message_id: int = 0
    started: bool = False
    """A private chat: the person has written to the bot, so it may answer."""
    pinned: int | None = None
    moved_to: int | None = None
    """The group has become the supergroup with this id, and nothing can be sent here any more."""

    @property
    def owner(self) -> int | None:
        """Who opened the group: its first member."""
        return self.members[0] if self.members else None

    def topic(self, topic_id: int | None) -> Topic | None:
        return next((topic for topic in self.topics if topic.id == topic_id), None)


@dataclass(frozen=True, slots=True)
class File:
    """One stored file; its bytes lie in the file folder under its id."""

    id: str
    name: str
    mime: str
    size: int
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Media:
    """A photo, document or sticker of a message; `emoji` belongs to stickers, which have no file here."""

    kind: Literal["photo", "document", "sticker"]
    file: File | None = None
    emoji: str | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A button of an inline keyboard: what it does (`kind`) with what (`value`)."""

    text: str
    kind: Literal["callback_data", "url", "copy_text"]
    value: str
    style: str | None = None


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class ForceReply:
    """The bot asks the client to open an answer to its message."""

    placeholder: str | None = None
    selective: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A note of the chat itself: `kind` is the Bot API's field ("forum_topic_created", "pinned_message", …)."""

    kind: str
    name: str = ""
    message_id: int | None = None
    chat_id: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message. With media, `text` and `entities` are its caption."""

    chat_id: int
    id: int
    sender_id: int
    date: int
    text: str = ""
    entities: tuple[Entity, ...] = ()
    media: Media | None = None
    poll_id: str | None = None
    keyboard: Keyboard = ()
    force_reply: ForceReply | None = None
    topic_id: int | None = None
    thread_id: int | None = None
    """The root of a thread of answers in a group that is no forum."""
    reply_to: int | None = None
    quote: str | None = None
    edit_date: int | None = None
    reactions: tuple[str, ...] = ()
    service: Service | None = None
    preview_disabled: bool = False

    @property
    def has_caption(self) -> bool:
        return self.media is not None and self.media.kind != "sticker"


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll or quiz; `votes` maps a user's id to the options chosen."""

    id: str
    question: str
    options: tuple[str, ...]
    quiz: bool = False
    correct: tuple[int, ...] = ()
    explanation: str = ""
    anonymous: bool = True
    multiple: bool = False
    closed: bool = False
    votes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def count(self, option: int) -> int:
        return sum(option in chosen for chosen in self.votes.values())


@dataclass(frozen=True, slots=True)
class Query:
    """A pressed button that the bot has not answered yet; `asked` in seconds."""

    id: str
    user_id: int
    chat_id: int
    message_id: int
    asked: float


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of the bot's command menu."""

    command: str
    description: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What the bot says about itself; keys are language codes, "" for everybody else."""

    names: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    short_descriptions: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, tuple[Command, ...]] = field(default_factory=dict)
    """Keys are `scope|language`, for example `default|ko`."""
