"""Many learners play the chapter's hands-on steps at once: does everybody finish, and what is left for each tap?

The bot is a process of its own; the learners and the Bot API server that they meet it on (no flood limits) are in this
one. The baselines are loops of the official CLI on the same engine, at the parallelism at which it starts most: one
does nothing but start containers, the other what the chapter has a learner do.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from bot.course import read_course
from bot.settings import CONTENT
from deploy.benchmarks.answers import free_port
from deploy.benchmarks.figures import Row, Sample, at_least, at_most, plain, ratio
from deploy.benchmarks.lesson import docker
from deploy.benchmarks.load_learner import Learner, Times
from deploy.benchmarks.load_plain import PARALLEL, PlainRates, plain_rates
from deploy.benchmarks.programs import process
from deploy.benchmarks.run import Run
from tests.chatclient import Member
from tests.faults.telegram import Telegram, telegram_at

CHATS, QUICK_CHATS = 100, 20
CHATS_VARIABLE = "DOSIRAK_BENCH_CHATS"
"""Another number of chats, for a machine that has other work."""
MEMORY_BOUND = at_most(300.0)
RATE_BOUND = at_least(0.8)
LOOK = 0.5
"""Seconds between two looks at the bot's memory."""
MIB = 2**20


@dataclass
class Peak:
    """The most memory that a process had."""

    values: list[float] = field(default_factory=list)


async def measure(run: Run) -> list[Row]:
    chats = int(os.environ.get(CHATS_VARIABLE, QUICK_CHATS if run.quick else CHATS))
    cli = await plain_rates(run)
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(telegram_at(run.state("load-telegram")))
        pid = await stack.enter_async_context(process(_variables(run, telegram), "bot"))
        peak = await stack.enter_async_context(_watched(pid))
        times = Times()
        started = time.perf_counter()
        await _play_all(telegram, chats, times)
        took = time.perf_counter() - started
    left = await _left(run)
    if left:
        raise RuntimeError(f"left over: {left}")
    return _rows(chats, times, took, cli, peak)


def _rows(chats: int, times: Times, took: float, cli: PlainRates, peak: Peak) -> list[Row]:
    rate = Sample.of([times.starts / times.busy])
    starts, chapter = Sample.of([cli.starts]), Sample.of([cli.chapter])
    taps = Sample.of(times.taps)
    tail = quantiles(times.taps, n=10, method="inclusive")[-1]
    name = "load"
    return [
        ratio(name, f"containers started, {chats} chats / plain CLI loop", rate, starts, "1/s", RATE_BOUND).remarked(
            f"best of {PARALLEL} at once: {cli.parallel}; {times.starts} starts in {times.busy:.1f} s"
        ),
        ratio(name, "the same / the CLI that plays the chapter's commands", rate, chapter, "1/s"),
        plain(
            name, f"memory of the bot at its most, {chats} chats", Sample.of([max(peak.values)]), "MiB", MEMORY_BOUND
        ),
        plain(name, "Run tapped, greeting in the chat", taps, "s").remarked(f"90 of 100 within {tail:.1f} s"),
        plain(name, "all chats through the chapter", Sample.of([took]), "s"),
    ]


def _variables(run: Run, telegram: Telegram) -> dict[str, str]:
    environment = run.environment("load", f"127.0.0.1:{free_port()}")
    return environment | {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_URL": telegram.url}


async def _play_all(telegram: Telegram, chats: int, times: Times) -> None:
    """All at once; the first one who does not finish ends it all with their transcript."""
    course = read_course(CONTENT)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as all_of_them:
        members = [await stack.enter_async_context(telegram.person()) for _ in range(chats)]
        for member in members:
            all_of_them.create_task(_play(member, Learner(member, course, times)))


async def _play(member: Member, learner: Learner) -> None:
    try:
        await learner.plays()
    except AssertionError as error:
        raise RuntimeError(f"chat {member.chat} did not finish: {error}") from None


@asynccontextmanager
async def _watched(pid: int) -> AsyncIterator[Peak]:
    """The process's memory, looked at again and again."""
    peak = Peak()

    async def look() -> None:
        while True:
            peak.values.append(_resident(pid))
            await asyncio.sleep(LOOK)

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(look())
        yield peak
        watching.cancel()


def _resident(pid: int) -> float:
    """MiB of a process that are in memory (proc(5), statm)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


async def _left(run: Run) -> str:
    """Whatever is labelled as a lab's."""
    label = "label=dosirak.lab"
    found = [
        await docker(run, "container", "ls", "--all", "--quiet", "--filter", label),
        await docker(run, "network", "ls", "--quiet", "--filter", label),
        await docker(run, "volume", "ls", "--quiet", "--filter", label),
        *(str(path) for path in (run.state("load") / "labs").glob("*")),
    ]
    return " ".join(found).strip()
