"""Privacy mode: what a bot hears in a group (https://core.telegram.org/bots/features#privacy-mode).

Commands, answers to its own messages, and the chat's service notes; everything in a private chat.
A plain mention is not on Telegram's list, and so is not heard.
"""

from __future__ import annotations

from bot.localchat.conversation import Conversation
from bot.localchat.values import Message


def hears(conversation: Conversation, message: Message) -> bool:
    """Whether an update about this message goes to the bot."""
    if conversation.chats[message.chat_id].kind == "private" or not conversation.privacy:
        return True
    if message.service is not None:
        return True
    answered = conversation.message(message.chat_id, message.reply_to)
    if answered is not None and answered.sender_id == conversation.bot.id:
        return True
    return _is_command_for(message.text, conversation.bot.username or "")


def _is_command_for(text: str, username: str) -> bool:
    """`/ps`, or `/ps@this_bot`, as the first word; a command for another bot is not ours."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    if not first.startswith("/") or len(first) < 2:
        return False
    _, _, addressee = first.partition("@")
    return not addressee or addressee.lower() == username.lower()
