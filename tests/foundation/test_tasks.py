"""Background tasks are kept until they end and are heard when they fail."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.tasks import TaskShelf


async def test_a_failing_task_is_logged_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    """An exception in the background is not lost."""

    async def fails() -> None:
        raise ValueError("broken")

    shelf = TaskShelf()
    task = shelf.start(fails(), name="the failing one")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "background task the failing one failed"
    ]
    assert len(shelf) == 0


async def test_closing_ends_what_still_runs() -> None:
    """After close no task of the shelf is left."""
    shelf = TaskShelf()
    task = shelf.start(asyncio.Event().wait(), name="waits for ever")
    await shelf.close()
    assert task.cancelled()
    assert len(shelf) == 0
