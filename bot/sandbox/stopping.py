"""Stopping a container for the sake of others: at once, and whatever the engine is busy with."""

from __future__ import annotations

import asyncio
import logging

from bot.errors import EngineConflict, EngineError, EngineNotFound
from bot.identity import LabId
from bot.sandbox.cgroups import Cgroups
from bot.sandbox.engine import Engine

log = logging.getLogger(__name__)

STOP_SECONDS = 2.0
"""For the engine to stop one container: it does so in a moment, unless it holds the container's lock."""


async def stop_at_once(engine: Engine, cgroups: Cgroups, lab: LabId, container_id: str) -> None:
    """Stop a container of the lab; one that is gone, or does not run, is fine. Raises nothing of the engine's:
    one that is away, or fails, is done without."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            # At once: each second of grace is a gigabyte.
            await engine.stop(container_id, 0)
    except (EngineNotFound, EngineConflict) as error:
        log.info("not stopped: %s", error)
    except (TimeoutError, EngineError) as error:
        reason = str(error) or f"not in {STOP_SECONDS:g} s"
        log.warning("the engine does not stop %s (%s): its processes are killed", container_id[:12], reason)
        await asyncio.to_thread(cgroups.kill, lab, container_id)
