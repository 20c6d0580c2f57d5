"""Tells once that Telegram does not answer, and once that it does again."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus

from telegram.error import Conflict, TelegramError

log = logging.getLogger(__name__)


class Outage:
    """Watches the polling: `failed` is its error callback, `answered` hears each answer's status."""

    def __init__(self) -> None:
        self._away = False
        self.refused = asyncio.Event()
        """Telegram does not know the bot's token any more."""

    def failed(self, error: TelegramError) -> None:
        if isinstance(error, Conflict):
            self._tell("another program fetches this bot's messages; stop it, or give it a bot of its own")
        else:
            self._tell(f"Telegram does not answer ({error.message}); trying again until it does")

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
