"""Somebody at the chat page who says hello and looks at the clock."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import aiohttp

from tests.chatclient import Member, Seen

PATIENCE = 60.0
"""Seconds that a start may take on a busy machine before it counts as failed."""
LOOK = 0.02
"""Seconds between looks whether the server listens."""
START = "/start"
START_CHAPTER = "▶ 1장 시작"
"""The welcome's button, as the Korean texts have it: the language of a new learner at the local chat."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def until_served(url: str) -> None:
    """Returns when the chat page is there."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as http:
        while True:
            with suppress(aiohttp.ClientConnectionError):
                async with http.get(url):
                    return
            await asyncio.sleep(LOOK)


async def first_answer(url: str) -> None:
    """Returns when the bot has answered its first update."""
    await until_served(url)
    async with Member(url) as learner:
        before = max((seen.id for seen in learner.messages if seen.from_bot), default=0)
        await learner.says(START)
        seen: Seen | None = None
        while seen is None or seen.id <= before:
            seen = await learner.sees("", timeout=PATIENCE)
