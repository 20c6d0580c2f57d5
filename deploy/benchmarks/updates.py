"""How many taps a second the whole bot answers, against a bare echo bot on the same transport."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from deploy.benchmarks.figures import Row, Sample, at_least, ratio
from deploy.benchmarks.programs import process
from deploy.benchmarks.run import Run

ROUNDS = 4
LEARNERS = 900
"""The bot keeps 1,000 conversations in memory; with so many, a chat's own pace (one message a second) is no limit."""
WARM_SECONDS = 3.0
SECONDS = 6.0
TOKEN = "1:benchmark-token-of-no-account-at-all"
BOUND = at_least(0.5)


async def measure(run: Run) -> list[Row]:
    """Both bots in turns; each counted second is one value."""
    echo: list[float] = []
    taps: list[float] = []
    for _ in range(run.rounds(ROUNDS)):
        echo += await _flooded("echo", _echo_bot)
        taps += await _flooded("taps", lambda url: _whole_bot(run, url))
    what = "Next taps answered with the next step / messages echoed"
    return [ratio("updates", what, Sample.of(taps), Sample.of(echo), "/s", BOUND)]


async def _flooded(kind: str, bot: Callable[[str], AbstractAsyncContextManager[None]]) -> list[float]:
    """Acts answered in each counted second."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        numbers = (listening.fileno(), LEARNERS, WARM_SECONDS, SECONDS)
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.benchmarks.flood", kind, *map(str, numbers)),
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(listening.fileno(),),
        )
        try:
            async with bot(url):
                assert server.stdout is not None
                counts: list[float] = json.loads(await server.stdout.readline() or b"[]")
        finally:
            server.terminate()
            await server.wait()
    return counts


def _echo_bot(url: str) -> AbstractAsyncContextManager[None]:
    return process({}, "deploy.benchmarks.echobot", url, TOKEN)


def _whole_bot(run: Run, url: str) -> AbstractAsyncContextManager[None]:
    """`python -m bot` as it is on Telegram, with an empty store."""
    variables = run.environment("updates", "127.0.0.1:0")
    shutil.rmtree(variables["DOSIRAK_STATE"])
    return process(variables | {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": url}, "bot")
