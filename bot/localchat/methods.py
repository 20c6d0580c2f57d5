"""The Bot API methods that the local server has: one table. Names are matched without regard to case, as Telegram does.

Not here: `getUpdates`, which waits, and so lives with the HTTP server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.localchat import about, editing, places, sending
from bot.localchat.call import Call
from bot.localchat.desk import Desk
from bot.localchat.refusals import Refused

Method = Callable[[Desk, Call], Any]


def set_webhook(desk: Desk, call: Call) -> bool:
    """Updates are polled here: only the removal of a webhook makes sense."""
    if call.text("url"):
        raise Refused("bad webhook: the local chat has no webhooks, poll with getUpdates")
    return delete_webhook(desk, call)


def delete_webhook(desk: Desk, call: Call) -> bool:
    if call.flag("drop_pending_updates"):
        desk.updates.waiting.clear()
    return True


def webhook_info(desk: Desk, call: Call) -> Any:
    waiting = len(desk.updates.waiting)
    return {"url": "", "has_custom_certificate": False, "pending_update_count": waiting}


def log_out(desk: Desk, call: Call) -> bool:
    """`logOut` and `close` free a bot from a server; here there is nothing to free."""
    return True


_TABLE: Mapping[str, Method] = {
    "getMe": about.get_me,
    "logOut": log_out,
    "close": log_out,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": webhook_info,
    "sendMessage": sending.send_message,
    "sendMessageDraft": sending.send_message_draft,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendPoll": sending.send_poll,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": editing.edit_text,
    "editMessageCaption": editing.edit_caption,
    "editMessageMedia": editing.edit_media,
    "editMessageReplyMarkup": editing.edit_keyboard,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "stopPoll": editing.stop_poll,
    "setMessageReaction": editing.set_reaction,
    "pinChatMessage": editing.pin_message,
    "unpinChatMessage": editing.unpin_message,
    "answerCallbackQuery": about.answer_callback,
    "answerInlineQuery": about.answer_inline,
    "setMyCommands": about.set_commands,
    "getMyCommands": about.get_commands,
    "deleteMyCommands": about.delete_commands,
    "setMyName": about.set_name,
    "getMyName": about.get_name,
    "setMyDescription": about.set_description,
    "getMyDescription": about.get_description,
    "setMyShortDescription": about.set_short_description,
    "getMyShortDescription": about.get_short_description,
    "setChatMenuButton": about.set_menu_button,
    "getChat": places.get_chat,
    "getChatMember": places.get_member,
    "getChatMemberCount": places.get_member_count,
    "createForumTopic": places.create_topic,
    "editForumTopic": places.edit_topic,
    "closeForumTopic": places.close_topic,
    "reopenForumTopic": places.reopen_topic,
    "getFile": places.get_file,
}
METHODS: Mapping[str, Method] = MappingProxyType({name.lower(): method for name, method in _TABLE.items()})
