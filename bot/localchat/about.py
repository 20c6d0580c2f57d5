"""Bot API methods about the bot itself: its profile, its commands, its answers to pressed buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.localchat import shapes
from bot.localchat.call import Call
from bot.localchat.conversation import Answered, Offered
from bot.localchat.desk import Desk
from bot.localchat.refusals import QUERY_TOO_OLD, Refused
from bot.localchat.values import Command
from bot.richtext import units

COMMAND_NAME = re.compile(r"[a-z0-9_]{1,32}")
MAX_COMMANDS = 100
ANSWER_CHARACTERS = 200
INLINE_RESULTS = 50
"""Bot API, answerInlineQuery."""


def get_me(desk: Desk, call: Call) -> Any:
    conversation = desk.conversation
    shape = shapes.user(conversation.bot)
    shape["first_name"] = conversation.profile.names.get("", conversation.bot.first_name)
    return shape | {
        "can_join_groups": True,
        "can_read_all_group_messages": not conversation.privacy,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
    }


def set_commands(desk: Desk, call: Call) -> bool:
    wanted = call.value("commands")
    if not isinstance(wanted, list) or len(wanted) > MAX_COMMANDS:
        raise Refused("can't parse commands JSON object" if not isinstance(wanted, list) else "BOT_COMMANDS_TOO_MUCH")
    commands = tuple(_read_command(item) for item in wanted)
    _keep_commands(desk, dict(desk.conversation.profile.commands) | {_commands_key(call): commands})
    return True


def _read_command(item: Mapping[str, Any]) -> Command:
    name, description = str(item.get("command", "")).lstrip("/"), str(item.get("description", ""))
    if not COMMAND_NAME.fullmatch(name):
        raise Refused("BOT_COMMAND_INVALID")
    if not 1 <= units(description) <= 256:
        raise Refused("BOT_COMMAND_DESCRIPTION_INVALID")
    return Command(name, description)


def get_commands(desk: Desk, call: Call) -> Any:
    commands = desk.conversation.profile.commands.get(_commands_key(call), ())
    return [{"command": item.command, "description": item.description} for item in commands]


def delete_commands(desk: Desk, call: Call) -> bool:
    kept = dict(desk.conversation.profile.commands)
    kept.pop(_commands_key(call), None)
    _keep_commands(desk, kept)
    return True


def _keep_commands(desk: Desk, commands: Mapping[str, tuple[Command, ...]]) -> None:
    desk.conversation.set_profile(replace(desk.conversation.profile, commands=commands))


def _commands_key(call: Call) -> str:
    scope = call.value("scope") or {}
    parts = [scope.get("type", "default"), *(str(scope[name]) for name in ("chat_id", "user_id") if name in scope)]
    return f"{':'.join(parts)}|{call.text('language_code')}"


def set_name(desk: Desk, call: Call) -> bool:
    return _set_words(desk, call, "names", "name", 64)


def set_description(desk: Desk, call: Call) -> bool:
    return _set_words(desk, call, "descriptions", "description", 512)


def set_short_description(desk: Desk, call: Call) -> bool:
    return _set_words(desk, call, "short_descriptions", "short_description", 120)


def _set_words(desk: Desk, call: Call, field: str, name: str, limit: int) -> bool:
    text = call.text(name)
    if units(text) > limit:
        raise Refused(f"{name.upper()}_TOO_LONG")
    words = dict(getattr(desk.conversation.profile, field)) | {call.text("language_code"): text}
    kept = {language: value for language, value in words.items() if value}
    desk.conversation.set_profile(replace(desk.conversation.profile, **{field: kept}))
    return True


def get_name(desk: Desk, call: Call) -> Any:
    return {"name": _words(desk, call, "names") or desk.conversation.bot.first_name}


def get_description(desk: Desk, call: Call) -> Any:
    return {"description": _words(desk, call, "descriptions")}


def get_short_description(desk: Desk, call: Call) -> Any:
    return {"short_description": _words(desk, call, "short_descriptions")}


def _words(desk: Desk, call: Call, field: str) -> str:
    words: Mapping[str, str] = getattr(desk.conversation.profile, field)
    return words.get(call.text("language_code"), words.get("", ""))


def set_menu_button(desk: Desk, call: Call) -> bool:
    """Taken and left: the page's menu is always the list of commands."""
    return True


def answer_callback(desk: Desk, call: Call) -> bool:
    """The bot's word on a pressed button: once, and in time."""
    query = desk.conversation.queries.pop(call.text("callback_query_id"), None)
    if query is None or desk.clock() - query.asked > desk.limits.callback_seconds:
        raise Refused(QUERY_TOO_OLD)
    text = call.text("text")
    if units(text) > ANSWER_CHARACTERS:
        desk.conversation.queries[query.id] = query
        raise Refused("MESSAGE_TOO_LONG")
    desk.conversation.tell(Answered(query, text, call.flag("show_alert"), call.text("url") or None))
    return True


def answer_inline(desk: Desk, call: Call) -> bool:
    """What the bot offers for `@bot …`: once, and to the one who asked."""
    user_id = desk.conversation.inline.pop(call.text("inline_query_id"), None)
    results = call.value("results")
    if user_id is None:
        raise Refused(QUERY_TOO_OLD)
    if not isinstance(results, list) or len(results) > INLINE_RESULTS:
        raise Refused("RESULTS_TOO_MUCH" if isinstance(results, list) else "can't parse inline query results")
    desk.conversation.tell(Offered(user_id, call.text("inline_query_id"), tuple(results), call.value("button")))
    return True
