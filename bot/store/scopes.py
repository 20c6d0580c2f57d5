"""Where each conversation is: its language, its place in the course, its terminal's size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.identity import Language, Scope
from bot.store.database import Database, Row, Statements

_SELECT = """
    SELECT language, chapter, step, width
    FROM scopes WHERE chat_id = ? AND topic_id = ?
"""
_PUT = "INSERT OR REPLACE INTO scopes VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class ScopeState:
    """What is kept about a conversation; a scope never seen has the defaults."""

    scope: Scope
    language: Language | None = None
    """What the people there chose, or the Telegram language of the first of them; None: nobody has spoken yet."""
    chapter: str | None = None
    step: str | None = None
    width: str | None = None
    """Which size of the terminal was chosen there; None: nobody has."""


def key(scope: Scope) -> tuple[int, int]:
    """A scope as the file has it: no topic is 0."""
    return scope.chat_id, scope.topic_id or 0


def scope_of(chat_id: int, topic_id: int) -> Scope:
    return Scope(chat_id, topic_id or None)


class Scopes:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def change(self, scope: Scope, edit: Callable[[ScopeState], ScopeState]) -> ScopeState:
        """Read, edit and write as one step, so that two tasks never take back each other's change.

        `edit` runs in the store's thread.
        """

        def changed(statements: Statements) -> ScopeState:
            before = _state(scope, statements.rows(_SELECT, key(scope)))
            after = edit(before)
            if after != before:
                statements.rows(_PUT, _values(after))
            return after

        return await self._database.do(changed)


def _state(scope: Scope, rows: list[Row]) -> ScopeState:
    if not rows:
        return ScopeState(scope)
    language, *rest = rows[0]
    return ScopeState(scope, Language(language) if language else None, *rest)


def _values(state: ScopeState) -> Row:
    return (
        *key(state.scope),
        state.language,
        state.chapter,
        state.step,
        state.width,
    )
