"""Pictures of a terminal, drawn one at a time beside the event loop."""

from __future__ import annotations

import asyncio

from bot.terminal.fonts import installed_fonts
from bot.terminal.picture import Painter, Still, output_still, screen_still
from bot.terminal.run import Run


class Pictures:
    """Keeps one painter for the process; its fonts are looked for with the first picture."""

    def __init__(self) -> None:
        self._painter: Painter | None = None
        self._turn = asyncio.Lock()

    async def of(self, run: Run) -> bytes:
        """A PNG of what is on a full-screen program's screen at this moment, or of the last lines that were written."""
        still = screen_still(run.screen) if run.by_keys else output_still(run.screen)
        async with self._turn:
            return await asyncio.to_thread(self._draw, still)

    def _draw(self, still: Still) -> bytes:
        if self._painter is None:
            self._painter = Painter(installed_fonts())
        return self._painter.paint(still)
