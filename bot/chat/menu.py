"""The bot's commands and how it introduces itself, in every language."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping
from typing import Any

from telegram import Bot, BotCommand
from telegram.error import TelegramError

from bot.chat.texts import Words
from bot.identity import Language

log = logging.getLogger(__name__)

_LESSON = ("start", "chapters", "steps", "progress")
_LAB = ("ps", "pages", "run", "demo", "extend", "reset", "close")
_TERMINAL = ("sh", "history", "size", "record")
_CHAT = ("lang", "help", "me", "driver", "forget")
COMMANDS = (*_LESSON, *_LAB, *_TERMINAL, *_CHAT)


async def introduce(bot: Bot, texts: Mapping[Language, Words]) -> None:
    """Register commands, name and descriptions. A server that has none of these methods loses nothing else."""
    first = next(iter(Language))
    for language, words in texts.items():
        # Telegram shows the list without a language to everybody whose own language has none.
        for code in (language.value, None) if language is first else (language.value,):
            await _register(bot, words, code)


async def _register(bot: Bot, words: Words, code: str | None) -> None:
    commands = [BotCommand(name, words(f"command.{name}")) for name in COMMANDS]
    await _best_effort(bot.set_my_commands(commands, language_code=code))
    await _best_effort(bot.set_my_name(words("bot.name"), language_code=code))
    await _best_effort(bot.set_my_description(words("bot.description"), language_code=code))
    await _best_effort(bot.set_my_short_description(words("bot.short"), language_code=code))


async def _best_effort(call: Awaitable[Any]) -> None:
    try:
        await call
    except TelegramError as error:
        log.info("the introduction is incomplete: %s", type(error).__name__)
