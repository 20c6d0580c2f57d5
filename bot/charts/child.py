"""Starts the drawing process, one at a time, and keeps the last pictures: groups ask again before anything changes."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

from bot.charts.sheet import Sheet

log = logging.getLogger(__name__)

SECONDS = 30.0
"""It takes two; on a host that is busy with labs perhaps ten."""
KEPT = 8
"""Pictures of about 50 kB."""
MOST_BYTES = 2**20
ROOT = Path(__file__).resolve().parent.parent.parent


class Charts:
    """`picture` gives a PNG, or None when it cannot be drawn: the same words are in the text beside it."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._kept: dict[Sheet, bytes] = {}

    async def picture(self, sheet: Sheet) -> bytes | None:
        async with self._turn:
            if (known := self._kept.pop(sheet, None)) is None:
                known = await _drawn(sheet)
            if known is None:
                return None
            self._kept[sheet] = known
            if len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
            return known


async def _drawn(sheet: Sheet) -> bytes | None:
    with tempfile.TemporaryDirectory(prefix="dosirak-chart-") as folder:
        # The library keeps its list of fonts there; nothing of it stays.
        environment = {"PATH": os.defpath, "HOME": folder, "MPLCONFIGDIR": folder, "LANG": "C.UTF-8"}
        process = await asyncio.create_subprocess_exec(
            *("nice", sys.executable, "-m", "bot.charts.draw"),
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(SECONDS):
                picture, _ = await process.communicate(sheet.to_json())
        except TimeoutError:
            log.warning("a progress picture was not drawn within %g s", SECONDS)
            return None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode == 0 and 0 < len(picture) <= MOST_BYTES:
        return picture
    log.warning("a progress picture could not be drawn (exit code %s)", process.returncode)
    return None
