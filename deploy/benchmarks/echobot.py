"""A program: `echobot URL TOKEN` is the least that a bot on python-telegram-bot can do, on Dosirak's own transport."""

from __future__ import annotations

import sys
from typing import Any

from telegram import Update
from telegram.ext import ApplicationBuilder, CallbackContext, MessageHandler, filters

from bot.chat.processor import MAX_IN_FLIGHT
from bot.chat.transport import AiohttpRequest


async def echo(update: Update, context: CallbackContext[Any, Any, Any, Any]) -> None:
    message = update.effective_message
    if message is not None:
        await context.bot.send_message(message.chat.id, message.text or "")


def main(url: str, token: str) -> None:
    application = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{url}/bot")
        .request(AiohttpRequest())
        .get_updates_request(AiohttpRequest(connections=1))
        .concurrent_updates(MAX_IN_FLIGHT)
        .build()
    )
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.run_polling()


if __name__ == "__main__":
    main(*sys.argv[1:])
