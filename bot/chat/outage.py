"""Tells once that Telegram does not answer, and once that it does again."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from json import JSONDecodeError

from telegram.error import Conflict, TelegramError

log = logging.getLogger(__name__)

LIBRARY = (logging.getLogger("telegram.ext"), logging.getLogger("telegram.request.BaseRequest"))
"""Where python-telegram-bot writes, with a traceback each time, that a call failed or that an answer is not JSON."""
LONGEST_REASON = 100
"""Characters: the library's message may hold a whole error page."""


class _Told(logging.Filter):
    """Passes over what `Outage` says in a sentence: that Telegram does not answer, or refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], TelegramError | JSONDecodeError))


class Outage:
    """Watches the polling: `failed` is its error callback, `answered` hears each answer's status."""

    def __init__(self) -> None:
        self._away = False
        self._told = _Told()
        self.refused = asyncio.Event()
        """Telegram does not know the bot's token any more."""

    def watch(self) -> None:
        """From now on the library's own tracebacks about the network are left out of the log."""
        for logger in LIBRARY:
            logger.addFilter(self._told)

    def leave(self) -> None:
        for logger in LIBRARY:
            logger.removeFilter(self._told)

    def failed(self, error: TelegramError) -> None:
        if isinstance(error, Conflict):
            self._tell("another program fetches this bot's messages; stop it, or give it a bot of its own")
        else:
            self._tell(f"Telegram does not answer ({_reason(error)}); trying again until it does")

    def answered(self, status: int) -> None:
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            self.refused.set()
        elif status == HTTPStatus.OK and self._away:
            self._away = False
            log.warning("Telegram answers again")

    def _tell(self, sentence: str) -> None:
        if not self._away:
            self._away = True
            log.warning("%s", sentence)


def _reason(error: TelegramError) -> str:
    return error.message.partition(". Parsing the server response")[0][:LONGEST_REASON]
