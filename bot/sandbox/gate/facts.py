"""Answers to the guard's questions, read on the engine (or in the store) for one call."""

from __future__ import annotations

from typing import Any

from bot.errors import EngineError
from bot.guard.owner import Owner
from bot.guard.verdict import Question
from bot.sandbox.gate.protocols import ImageShelf
from bot.sandbox.gate.upstream import Engine


async def answer(question: Question, owner: Owner, engine: Engine, shelf: ImageShelf) -> Any:
    """The engine's JSON value, None when it has no such object; raises EngineError for anything else."""
    if question.request is None:
        return await shelf.references(owner.lab)
    status, value = await engine.read(question.request)
    if status == 404:
        return None
    if status != 200:
        raise EngineError(f"the engine answered {status} when asked about the lab", status)
    return value
