"""How much a bot may send: the flood limits of a chat, and the sizes that Telegram sets."""

from __future__ import annotations

import logging
import math
from collections import deque
from dataclasses import dataclass

from bot.localchat.refusals import Refused, too_many

log = logging.getLogger(__name__)

CAPTION_UNITS = 1024
"""A caption's limit in UTF-16 code units (Bot API, sendPhoto)."""
PHOTO_BYTES = 10 * 1024 * 1024
DOCUMENT_BYTES = 50 * 1024 * 1024
"""What a bot may upload (Bot API, "Sending files")."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sends and edits share them, for each chat and not for each topic (tdlib/td issues 2592 and 3034).

    The real figures are unpublished. One a second with short bursts in a private chat and 20 a minute in a group are
    what Telegram's maintainers name; 10 is a burst that a lesson (text, picture, terminal, verdict) fits into.
    """

    private_per_second: float | None = 1.0
    private_burst: int = 10
    group_per_minute: int | None = 20
    callback_seconds: float = 30.0
    """How long a pressed button waits for its answer before it is "too old"."""
    history: int = 500
    """Messages kept in each chat: more than a learner scrolls back, and a state file of a few MB at most."""
    file_bytes: int = 200 * 1024 * 1024
    """All stored files together; the oldest go first."""


UNLIMITED = Limits(private_per_second=None, group_per_minute=None)


class Flood:
    """What each chat has spent; `now` in seconds is an argument, so that a test decides what time it is."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._tokens: dict[int, tuple[float, float]] = {}
        self._sent: dict[int, deque[float]] = {}
        self.refused = 0
        """How often a chat had none left: a bot that keeps the pace is never refused."""

    def spend(self, chat_id: int, now: float) -> None:
        """Count one send or edit; raises Refused (429) when the chat has none left."""
        try:
            if chat_id > 0:
                self._spend_private(chat_id, now)
            else:
                self._spend_group(chat_id, now)
        except Refused as refusal:
            self.refused += 1
            log.warning("chat %d has sent too much: refused for %s s", chat_id, refusal.retry_after)
            raise

    def _spend_private(self, chat_id: int, now: float) -> None:
        rate = self._limits.private_per_second
        if rate is None:
            return
        tokens, then = self._tokens.get(chat_id, (float(self._limits.private_burst), now))
        tokens = min(float(self._limits.private_burst), tokens + (now - then) * rate)
        if tokens < 1:
            self._tokens[chat_id] = (tokens, now)
            raise too_many(max(1, math.ceil((1 - tokens) / rate)))
        self._tokens[chat_id] = (tokens - 1, now)

    def _spend_group(self, chat_id: int, now: float) -> None:
        allowed = self._limits.group_per_minute
        if allowed is None:
            return
        sent = self._sent.setdefault(chat_id, deque())
        while sent and sent[0] <= now - 60:
            sent.popleft()
        if len(sent) >= allowed:
            raise too_many(max(1, math.ceil(sent[0] + 60 - now)))
        sent.append(now)
