"""The people and chats that a new local chat begins with: a learner, a study group, a forum with a topic."""

from __future__ import annotations

from bot.localchat.conversation import Snapshot
from bot.localchat.values import Chat, Message, Profile, Service, Topic, User

BOT = User(777000123, "도시락", "dosirak_bot", is_bot=True)
PEOPLE = (
    User(1001, "하늘", "haneul", "ko"),
    User(1002, "민준", "minjun", "ko"),
    User(1003, "Alex", "alex", "en"),
)
GROUP_ID = -1001000000001
FORUM_ID = -1001000000002
TOPIC = Topic(1, "2장 실습")


def beginning(now: int) -> Snapshot:
    """Nobody has said anything yet; the forum's topic is open."""
    members = tuple(person.id for person in PEOPLE)
    opening = Message(
        FORUM_ID, TOPIC.id, members[0], now, topic_id=TOPIC.id, service=Service("forum_topic_created", TOPIC.name)
    )
    return Snapshot(
        users=(BOT, *PEOPLE),
        chats=(
            *(Chat(person.id, "private") for person in PEOPLE),
            Chat(GROUP_ID, "supergroup", "도커 스터디", members),
            Chat(
                FORUM_ID, "supergroup", "도커 모임", members, is_forum=True, topics=(TOPIC,), last_message_id=TOPIC.id
            ),
        ),
        messages=(opening,),
        polls=(),
        profile=Profile(),
        bot_id=BOT.id,
    )
