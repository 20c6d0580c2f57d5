"""What outlives a restart: one SQLite file, and the only package that knows it.

What the engine knows is read from the engine; here is what only people know: where a learner is, who did which step,
which lab belongs to which conversation, which page has which address.
"""

from bot.store.audit import AuditEntry
from bot.store.commands import Begun, LeftCommand
from bot.store.completions import Completion
from bot.store.driving import Driving, Who
from bot.store.inbox import LeftUpdate
from bot.store.labs import LabRecord, LabState
from bot.store.pages import PageRecord
from bot.store.queue import Queued, Wish
from bot.store.scopes import ScopeState
from bot.store.store import Store
from bot.store.unfinished import Kind, Unfinished

__all__ = [
    "AuditEntry",
    "Begun",
    "Completion",
    "Driving",
    "Kind",
    "LabRecord",
    "LabState",
    "LeftCommand",
    "LeftUpdate",
    "PageRecord",
    "Queued",
    "ScopeState",
    "Store",
    "Unfinished",
    "Who",
    "Wish",
]
