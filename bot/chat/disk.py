"""What is said when something was stopped because of the disk, or of what the kernel has once for all labs."""

from __future__ import annotations

from bot.chat.message import Outgoing
from bot.chat.texts import Words
from bot.sandbox.events import DiskLimitReached, TableFull


def notice(words: Words, event: DiskLimitReached | TableFull) -> Outgoing:
    """Why, what was stopped, what is kept and what makes room."""
    names = ", ".join(event.containers)
    if isinstance(event, TableFull):
        return Outgoing(words.coded("tables.stopped" if names else "tables.stopped_terminal", {"names": names}))
    return Outgoing(words.coded(_key(event), {"names": names}, limit=_size(event.limit)))


def _key(event: DiskLimitReached) -> str:
    if event.host_full:
        return "disk.host_full" if event.containers else "disk.host_full_terminal"
    if event.removed:
        return "disk.removed" if event.containers else "disk.removed_terminal"
    return "disk.stopped" if event.containers else "disk.stopped_terminal"


def _size(size: int) -> str:
    """As an operator writes the limit: in units of 1,024."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size >> 20} MiB"
