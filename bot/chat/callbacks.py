"""What a button carries: `v1:<action>:<argument>:…`, at most 64 bytes, readable after any restart."""

from __future__ import annotations

from dataclasses import dataclass

from bot.learning.progress import Place

VERSION = "v1"
MAX_BYTES = 64
"""Bot API, InlineKeyboardButton.callback_data."""

URGENT = frozenset({"stop", "key", "pad"})
"""Actions that reach the running program; they must never wait behind it."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A button's action and its arguments."""

    action: str
    arguments: tuple[str, ...] = ()

    @property
    def place(self) -> Place | None:
        """The step in the first two arguments."""
        return Place(*self.arguments[:2]) if len(self.arguments) >= 2 else None

    @property
    def number(self) -> int | None:
        """The last argument as a number."""
        last = self.arguments[-1] if self.arguments else ""
        return int(last) if last.isascii() and last.isdigit() else None


def encode(action: str, *arguments: object) -> str:
    """The data of a button; ValueError if it does not fit, since Telegram would refuse the whole message."""
    data = ":".join((VERSION, action, *map(str, arguments)))
    if len(data.encode()) > MAX_BYTES:
        raise ValueError(f"callback data of more than {MAX_BYTES} bytes: {data}")
    return data


def decode(data: str | None) -> Tap | None:
    """The tap behind a button's data; None for what this version did not write."""
    version, *parts = (data or "").split(":")
    return Tap(parts[0], tuple(parts[1:])) if version == VERSION and parts else None


def is_urgent(data: str | None) -> bool:
    tap = decode(data)
    return tap is not None and tap.action in URGENT
