"""What the file holds, for tests: the bot itself reads no more than it needs."""

from __future__ import annotations

from bot.identity import Scope
from bot.store import AuditEntry, ScopeState, Store
from bot.store.scopes import scope_of
from bot.store.times import from_seconds


async def put(store: Store, state: ScopeState) -> None:
    """A conversation in this state."""
    await store.scopes.change(state.scope, lambda before: state)


async def state_of(store: Store, scope: Scope) -> ScopeState:
    return await store.scopes.change(scope, lambda state: state)


async def scopes_in(store: Store) -> tuple[Scope, ...]:
    """Every conversation of which something is kept."""
    rows = await store._database.rows("SELECT chat_id, topic_id FROM scopes ORDER BY chat_id, topic_id")
    return tuple(scope_of(*row) for row in rows)


async def audit_lines(store: Store) -> tuple[AuditEntry, ...]:
    """All lines, newest first."""
    rows = await store._database.rows("SELECT at, chat_id, topic_id, user_id, command FROM audit ORDER BY id DESC")
    return tuple(AuditEntry(from_seconds(at), scope_of(chat, topic), *rest) for at, chat, topic, *rest in rows)
