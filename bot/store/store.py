"""The state file as a whole: opened, brought up to date, and what concerns several subjects at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

from bot.identity import Scope
from bot.store.audit import Audit
from bot.store.bans import Bans
from bot.store.commands import Commands
from bot.store.completions import Completions
from bot.store.database import Database, Statements
from bot.store.driving import DrivingRules, Who
from bot.store.inbox import Inbox
from bot.store.labs import Labs
from bot.store.migrations import migrate
from bot.store.pages import Pages
from bot.store.queue import Queue
from bot.store.scopes import Scopes, scope_of
from bot.store.shelf import Shelf
from bot.store.unfinished import UnfinishedWork
from bot.store.unlisted import Unlisted

FILE_NAME = "dosirak.sqlite3"

_OF_A_CHAT = ("scopes", "completions", "audit", "labs", "driving", "unlisted", "commands", "unfinished", "queue")
"""Tables with a chat and a topic in each row."""
_WITH_A_MESSAGE = ("commands", "unfinished")
"""Those of them that name a message of the chat."""
_OF_A_PERSON = ("completions", "audit", "unlisted", "commands", "unfinished", "queue")
"""Tables with a person in each row."""


class Store:
    """One attribute for each subject. Every method that returns has committed; errors are StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.scopes = Scopes(database)
        self.completions = Completions(database)
        self.labs = Labs(database)
        self.pages = Pages(database)
        self.shelf = Shelf(database)
        self.audit = Audit(database)
        self.bans = Bans(database)
        self.driving = DrivingRules(database)
        self.unlisted = Unlisted(database)
        self.commands = Commands(database)
        self.inbox = Inbox(database)
        self.unfinished = UnfinishedWork(database)
        self.queue = Queue(database)

    @classmethod
    @asynccontextmanager
    async def open(cls, state: Path) -> AsyncIterator[Self]:
        """The store in the state folder `state`; StoreError, and nothing changed, for a file it cannot use."""
        database = await Database.connect(state / FILE_NAME)
        try:
            await migrate(database)
            yield cls(database)
        finally:
            await database.close()

    async def forget_chat(self, chat_id: int) -> None:
        """Remove all that is kept about a group, in all its topics. Close its labs first: their records go too."""

        def forget(statements: Statements) -> None:
            for table in _OF_A_CHAT:
                statements.rows(f"DELETE FROM {table} WHERE chat_id = ?", (chat_id,))

        await self._database.do(forget)
        await self._scrub()

    async def forget_user(self, user_id: int) -> tuple[Scope, ...]:
        """Remove all that is kept about a person, in every conversation, and their private chat (same id).

        Gives the groups in which this person drove; there the admins do from now on, and their other choices stand.
        A ban stays: it is the operator's, and would be of no use otherwise.
        """

        def forget(statements: Statements) -> tuple[Scope, ...]:
            driven = statements.rows("SELECT chat_id, topic_id FROM driving WHERE user_id = ?", (user_id,))
            statements.rows(
                "UPDATE driving SET who = ?, user_id = 0, user_name = '' WHERE user_id = ?", (Who.ADMINS, user_id)
            )
            for table in _OF_A_PERSON:
                statements.rows(f"DELETE FROM {table} WHERE user_id = ?", (user_id,))
            for table in _OF_A_CHAT:
                statements.rows(f"DELETE FROM {table} WHERE chat_id = ?", (user_id,))
            statements.rows("UPDATE labs SET opened_by = 0 WHERE opened_by = ?", (user_id,))
            return tuple(scope_of(*row) for row in driven)

        driven = await self._database.do(forget)
        await self._scrub()
        return driven

    async def move_chat(self, old_chat_id: int, new_chat_id: int) -> None:
        """A group became a supergroup: all that was kept under its old id belongs to the new one.

        Its messages have other numbers there: none that is known from before may be changed.
        """

        def move(statements: Statements) -> None:
            for table in _WITH_A_MESSAGE:
                statements.rows(f"UPDATE {table} SET message_id = NULL WHERE chat_id = ?", (old_chat_id,))
            statements.rows(
                "UPDATE pages SET message_id = NULL WHERE lab_id IN (SELECT lab_id FROM labs WHERE chat_id = ?)",
                (old_chat_id,),
            )
            for table in _OF_A_CHAT:
                statements.rows(
                    f"UPDATE OR REPLACE {table} SET chat_id = ? WHERE chat_id = ?", (new_chat_id, old_chat_id)
                )

        await self._database.do(move)

    async def tidy(self, now: datetime) -> None:
        """From time to time: what was kept long enough goes, and what people wrote and was done goes from the
        write-ahead log too."""
        await self.audit.prune(now)
        if not self.inbox.scrubbed:
            await self._scrub()

    async def _scrub(self) -> None:
        """Empty the write-ahead log, where the deleted text would still stand. As long as somebody else reads the file
        (a backup), that cannot be, and `tidy` tries again."""
        self.inbox.scrubbed = True  # What is done meanwhile takes it back.
        emptied = False
        try:
            (busy, *_), *_ = await self._database.outside("PRAGMA wal_checkpoint(TRUNCATE)")
            emptied = not busy
        finally:
            self.inbox.scrubbed = self.inbox.scrubbed and emptied
