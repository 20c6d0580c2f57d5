"""How many taps a second the whole bot answers, against a bare echo bot on the same transport."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from deploy.benchmarks.figures import Row, Sample, at_least, ratio
from deploy.benchmarks.programs import process, processor_seconds
from deploy.benchmarks.run import Run

ROUNDS = 4
LEARNERS = 2400
"""So many that a chat's own pace (one message a second) is no limit; the bot keeps 4,000 conversations in memory."""
WARM_SECONDS = 1.0
SECONDS = 6.0
TOKEN = "1:benchmark-token-of-no-account-at-all"
BOUND = at_least(0.5)


@dataclass(frozen=True, slots=True)
class Flooded:
    """Acts answered in each counted second, and the bot's processor time for each act, in ms."""

    each_second: list[float]
    milliseconds: float


async def measure(run: Run) -> list[Row]:
    """Both bots in turns. Processor time tells the same as the rate, but hears less of what else the machine does."""
    echo: list[Flooded] = []
    taps: list[Flooded] = []
    for _ in range(run.rounds(ROUNDS)):
        echo.append(await _flooded("echo", _echo_bot))
        taps.append(await _flooded("taps", lambda url: _whole_bot(run, url)))
    what = "Next taps answered with the next step / messages echoed"
    times = "processor time of the bot for a tap / for an echo"
    return [
        ratio("updates", what, _rates(taps), _rates(echo), "/s", BOUND),
        ratio("updates", times, _times(taps), _times(echo), "ms"),
    ]


def _rates(turns: list[Flooded]) -> Sample:
    return Sample.of([rate for turn in turns for rate in turn.each_second])


def _times(turns: list[Flooded]) -> Sample:
    return Sample.of([turn.milliseconds for turn in turns])


async def _flooded(kind: str, bot: Callable[[str], AbstractAsyncContextManager[int]]) -> Flooded:
    """One bot under the flood."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        numbers = (listening.fileno(), LEARNERS, WARM_SECONDS, SECONDS)
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.benchmarks.flood", kind, *map(str, numbers)),
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(listening.fileno(),),
        )
        assert server.stdout is not None
        try:
            async with bot(url) as pid:
                await server.stdout.readline()
                before = processor_seconds(pid)
                counts: list[float] = json.loads(await server.stdout.readline() or b"[]")
                used = processor_seconds(pid) - before
        finally:
            if server.returncode is None:
                server.terminate()
            await server.wait()
    return Flooded(counts, used * 1000 / sum(counts))


def _echo_bot(url: str) -> AbstractAsyncContextManager[int]:
    return process({}, "deploy.benchmarks.echobot", url, TOKEN)


def _whole_bot(run: Run, url: str) -> AbstractAsyncContextManager[int]:
    """`python -m bot` as it is on Telegram, with an empty store."""
    variables = run.environment("updates", "127.0.0.1:0")
    shutil.rmtree(variables["DOSIRAK_STATE"])
    return process(variables | {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": url}, "bot")
