"""The file's shape, step by step. `PRAGMA user_version` counts the steps that a file has had.

A step that has been released is never edited: what changes later is a step of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bot.errors import StoreError
from bot.store.database import Database, Statements

Step = tuple[str, ...]

# A topic_id of 0 stands for "no topic" (Telegram's start at 1), since a primary key must not hold NULL.
FIRST: Step = (
    """
    CREATE TABLE scopes (
        chat_id INTEGER NOT NULL,
        topic_id INTEGER NOT NULL,
        language TEXT,
        chapter TEXT,
        step TEXT,
        waiting TEXT,
        lesson_message_id INTEGER,
        terminal_message_id INTEGER,
        PRIMARY KEY (chat_id, topic_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE completions (
        chat_id INTEGER NOT NULL,
        topic_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        user_name TEXT NOT NULL,
        chapter TEXT NOT NULL,
        step TEXT NOT NULL,
        completed_at INTEGER NOT NULL,
        PRIMARY KEY (chat_id, topic_id, user_id, chapter, step)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX completions_by_user ON completions (user_id)",
    """
    CREATE TABLE labs (
        lab_id TEXT PRIMARY KEY,
        chat_id INTEGER NOT NULL,
        topic_id INTEGER NOT NULL,
        state TEXT NOT NULL,
        opened_at INTEGER NOT NULL,
        last_used_at INTEGER NOT NULL,
        ends_at INTEGER NOT NULL,
        UNIQUE (chat_id, topic_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE running_containers (
        lab_id TEXT NOT NULL REFERENCES labs ON DELETE CASCADE,
        container_id TEXT NOT NULL,
        PRIMARY KEY (lab_id, container_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE pages (
        token TEXT PRIMARY KEY,
        lab_id TEXT NOT NULL REFERENCES labs ON DELETE CASCADE,
        container_id TEXT NOT NULL,
        container_name TEXT NOT NULL,
        host_port INTEGER NOT NULL,
        container_port INTEGER NOT NULL,
        opened_at INTEGER NOT NULL,
        ends_at INTEGER NOT NULL,
        visits INTEGER NOT NULL DEFAULT 0,
        message_id INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX pages_by_lab ON pages (lab_id)",
    """
    CREATE TABLE shelf (
        lab_id TEXT NOT NULL REFERENCES labs ON DELETE CASCADE,
        reference TEXT NOT NULL,
        PRIMARY KEY (lab_id, reference)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        chat_id INTEGER NOT NULL,
        topic_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        command TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX audit_by_time ON audit (at)",
    "CREATE INDEX audit_by_user ON audit (user_id)",
    "CREATE INDEX audit_by_scope ON audit (chat_id, topic_id)",
)

SECOND: Step = (
    """
    CREATE TABLE driving (
        chat_id INTEGER NOT NULL,
        topic_id INTEGER NOT NULL,
        who TEXT NOT NULL,
        user_id INTEGER NOT NULL,
        user_name TEXT NOT NULL,
        life_by_admins INTEGER NOT NULL,
        PRIMARY KEY (chat_id, topic_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE unlisted (
        chat_id INTEGER NOT NULL,
        topic_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        PRIMARY KEY (chat_id, topic_id, user_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE bans (user_id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT",
    "ALTER TABLE labs ADD COLUMN extensions INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE labs ADD COLUMN opened_by INTEGER NOT NULL DEFAULT 0",
)

THIRD: Step = ("ALTER TABLE scopes ADD COLUMN width TEXT",)

FOURTH: Step = (
    """
    CREATE TABLE commands (
        number INTEGER PRIMARY KEY,
        chat_id INTEGER NOT NULL,
        topic_id INTEGER NOT NULL,
        begun_at INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        user_name TEXT NOT NULL,
        chapter TEXT,
        step TEXT,
        message_id INTEGER,
        final TEXT
    ) STRICT
    """,
    "ALTER TABLE scopes DROP COLUMN terminal_message_id",
)

FIFTH: Step = (
    """
    CREATE TABLE inbox (
        update_id INTEGER PRIMARY KEY,
        bot TEXT NOT NULL,
        starts INTEGER NOT NULL DEFAULT 0,
        body TEXT
    ) STRICT
    """,
    """
    CREATE TABLE unfinished (
        number INTEGER PRIMARY KEY,
        chat_id INTEGER NOT NULL,
        topic_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        user_id INTEGER NOT NULL,
        user_name TEXT NOT NULL,
        message_id INTEGER
    ) STRICT
    """,
    """
    CREATE TABLE queue (
        number INTEGER PRIMARY KEY,
        chat_id INTEGER NOT NULL,
        topic_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        user_name TEXT NOT NULL,
        command TEXT NOT NULL,
        chapter TEXT,
        step TEXT,
        kept_until INTEGER,
        UNIQUE (chat_id, topic_id)
    ) STRICT
    """,
    "ALTER TABLE commands ADD COLUMN tour INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE scopes DROP COLUMN waiting",
    "ALTER TABLE scopes DROP COLUMN lesson_message_id",
)

SIXTH: Step = (
    "ALTER TABLE queue RENAME TO queue_before",
    """
    CREATE TABLE queue (
        number INTEGER PRIMARY KEY,
        chat_id INTEGER NOT NULL,
        topic_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        user_name TEXT NOT NULL,
        wish TEXT NOT NULL,
        text TEXT NOT NULL,
        chapter TEXT,
        step TEXT,
        kept_until INTEGER,
        UNIQUE (chat_id, topic_id, user_id)
    ) STRICT
    """,
    "INSERT INTO queue SELECT number, chat_id, topic_id, user_id, user_name, 'run', command, chapter, step, kept_until "
    "FROM queue_before",
    "DROP TABLE queue_before",
)

SEVENTH: Step = ("ALTER TABLE labs ADD COLUMN extended_for INTEGER",)

EIGHTH: Step = ("ALTER TABLE pages ADD COLUMN extended_for INTEGER",)

STEPS: tuple[Step, ...] = (FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH, SEVENTH, EIGHTH)


async def migrate(database: Database, steps: Sequence[Step] = STEPS) -> None:
    """Bring the file to the last step, one transaction for each; raises StoreError for a file from a newer program."""
    version = int((await database.rows("PRAGMA user_version"))[0][0])
    if version > len(steps):
        raise StoreError(
            f"the state file was written by a newer Dosirak (its version is {version}, this program knows "
            f"{len(steps)}). Nothing in it was changed. Start the newer program, "
            "or give this one another state folder (DOSIRAK_STATE)."
        )
    for number, step in enumerate(steps[version:], version + 1):
        await database.do(partial(_take, step, number))


def _take(step: Step, number: int, statements: Statements) -> None:
    for statement in step:
        statements.rows(statement)
    statements.rows(f"PRAGMA user_version = {number}")
