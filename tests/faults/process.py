"""`python -m bot` as an operator runs it: a process with its environment, its log, its exit code."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
"""Seconds for a line in the log or for the end: two cores are shared with everything else."""
ANSWERS = "answering as @"
"""The log's line once the bot fetches messages."""


class BotProcess:
    """`async with BotProcess(settings) as bot:` starts it; leaving kills what still runs."""

    def __init__(self, settings: Settings, **variables: str) -> None:
        self._variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment(settings), **variables}
        self.lines: list[str] = []
        self._grown = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            env=self._variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reader = asyncio.get_running_loop().create_task(self._read(), name="log of the bot")
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.killed()

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def lines_with(self, piece: str) -> list[str]:
        return [line for line in self.lines if piece in line]

    async def logs(self, piece: str, *, times: int = 1, timeout: float = PATIENCE) -> str:
        """Wait for the line of the log that has `piece` (for the so-and-so-manyth)."""
        try:
            async with asyncio.timeout(timeout):
                async with self._grown:
                    while len(found := self.lines_with(piece)) < times:
                        await self._grown.wait()
                    return found[times - 1]
        except TimeoutError:
            raise AssertionError(f"no line with {piece!r} in the log:\n{self.log}") from None

    async def answers(self) -> None:
        """Wait until it fetches messages."""
        await self.logs(ANSWERS)

    async def ends(self) -> int:
        """Wait for its end by itself; the exit code."""
        async with asyncio.timeout(PATIENCE):
            code = await self._process.wait()
        await self._reader
        return code

    async def stopped(self) -> int:
        """SIGTERM, and the exit code."""
        self._process.terminate()
        return await self.ends()

    async def killed(self) -> None:
        """SIGKILL: nothing of it can tidy up."""
        if self._process.returncode is None:
            self._process.kill()
        await self.ends()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._grown:
                self.lines.append(line.decode(errors="replace").rstrip())
                self._grown.notify_all()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[BotProcess]:
    """A run of the bot from its first answer on, in which nothing was unexpected; killed if it was not stopped."""
    async with BotProcess(settings) as bot:
        await bot.answers()
        yield bot
    assert "Traceback" not in bot.log, bot.log


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make these settings."""
    values = {
        "DOSIRAK_STATE": settings.state,
        "DOSIRAK_ENGINE": settings.engine,
        "DOSIRAK_NETNS": settings.network_namespace,
        "DOSIRAK_CGROUP": settings.cgroup,
        "DOSIRAK_LISTEN": settings.listen,
        "DOSIRAK_CONTENT": settings.content,
        "TELEGRAM_TOKEN": settings.telegram_token and settings.telegram_token.get_secret_value(),
        "TELEGRAM_API_URL": settings.telegram_api_url,
    }
    return {name: str(value) for name, value in values.items() if value is not None}
