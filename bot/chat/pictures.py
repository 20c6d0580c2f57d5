"""Pictures of a terminal, drawn one at a time beside the event loop."""

from __future__ import annotations

import asyncio

from bot.terminal.fonts import installed_fonts
from bot.terminal.picture import Painter
from bot.terminal.screen import Screen


class Pictures:
    """Keeps one painter for the process; its fonts are looked for with the first picture."""

    def __init__(self) -> None:
        self._painter: Painter | None = None
        self._turn = asyncio.Lock()

    async def output(self, screen: Screen) -> bytes:
        """A PNG of what an ended command wrote last. The screen must not change any more."""
        async with self._turn:
            return await asyncio.to_thread(self._draw, screen)

    def _draw(self, screen: Screen) -> bytes:
        if self._painter is None:
            self._painter = Painter(installed_fonts())
        return self._painter.output(screen)
