"""The local chat: Telegram's Bot API and a messenger page inside the process, so that nobody needs an account."""

from bot.localchat.limits import UNLIMITED, Limits
from bot.localchat.server import LocalChat

__all__ = ["UNLIMITED", "Limits", "LocalChat"]
