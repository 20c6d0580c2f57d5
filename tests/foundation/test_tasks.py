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


async def test_what_must_never_end_starts_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure that nobody expected is told with its traceback, and costs a pause."""
    monkeypatch.setattr("bot.tasks.PAUSE", 0)
    outcomes = iter([ValueError("odd answer"), ValueError("odd again"), None])

    async def watches() -> None:
        if (error := next(outcomes)) is not None:
            raise error

    shelf = TaskShelf()
    await shelf.keep(watches, name="watch")
    assert [record.getMessage() for record in caplog.records] == ["background task watch failed and starts again"] * 2


async def test_closing_ends_what_still_runs() -> None:
    """After close no task of the shelf is left."""
    shelf = TaskShelf()
    task = shelf.start(asyncio.Event().wait(), name="waits for ever")
    await shelf.close()
    assert task.cancelled()
    assert len(shelf) == 0
