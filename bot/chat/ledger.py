"""Keeps what a bot that is killed in the middle of a command needs to know when it starts again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.chat.job import Job
from bot.chat.message import Outgoing
from bot.errors import StoreError
from bot.identity import Scope
from bot.store import Begun, Store

log = logging.getLogger(__name__)


class Ledger:
    """Notes each command's begin, message, last frame and end; a store that fails stops no command."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, scope: Scope, job: Job) -> None:
        """Before its first frame."""
        place = job.origin
        begun = Begun(
            scope,
            self._clock(),
            job.person.id,
            job.person.name,
            place.chapter if place else None,
            place.step if place else None,
            job.tour,
        )
        update = job.receipt.number if job.receipt else None
        try:
            job.number = await self._store.commands.begin(begun, update=update, line=job.line)
        except StoreError as error:
            log.warning("a command is not noted: %s", error)
        else:
            if job.receipt is not None:
                job.receipt.noted()
        if job.receipt is not None:
            job.receipt.release()

    async def posted(self, job: Job, message_id: int) -> None:
        """Its frames are in this message."""
        await self._note(job, self._store.commands.posted, message_id)

    async def ended(self, job: Job, final: Outgoing) -> None:
        """It has ended, and this is to be seen in the chat whatever comes."""
        await self._note(job, self._store.commands.ended, final.form.decode())

    async def over(self, job: Job) -> None:
        """All that came of it was said."""
        await self._note(job, self._store.commands.over)

    async def _note(self, job: Job, write: Callable[..., Awaitable[None]], *values: int | str) -> None:
        if job.number is None:
            return
        try:
            await write(job.number, *values)
        except StoreError as error:
            log.warning("what became of a command is not noted: %s", error)
