"""Twenty labs that flood their terminals, and somebody in another chat: how soon a tap is answered, and the memory."""

from __future__ import annotations

import asyncio
import time

from deploy.benchmarks.answers import PATIENCE, START, START_CHAPTER, free_port, until_served
from deploy.benchmarks.figures import Row, Sample, at_most, plain, ratio
from deploy.benchmarks.lesson import docker
from deploy.benchmarks.programs import process
from deploy.benchmarks.run import Run
from deploy.benchmarks.weight import weigh
from tests.chatclient import Member, Seen

FLOODS = 20
FORUM = -1001000000002
"""The local chat's forum: each of its topics has a lab of its own."""
ROUNDS = 60
PAUSE = 0.1
FLOOD = "/sh yes"
TOOLBOXES = ("container", "ls", "--quiet", "--filter", "label=dosirak.role=toolbox")
SETTLE_SECONDS = 5.0
"""Long enough for every flood's log to be full."""
NEXT = "다음 ▶"
TIMES = at_most(2.0)
MEMORY = at_most(2.0)


async def measure(run: Run) -> list[Row]:
    """One bot in its own process with the local chat, first idle, then with all the labs at once."""
    url = f"http://127.0.0.1:{free_port()}"
    variables = run.environment("floods", url.removeprefix("http://")) | {"DOSIRAK_LABS_PER_PERSON": str(FLOODS)}
    async with process(variables, "bot") as pid:
        await until_served(url)
        async with Member(url) as learner:
            step = await old_step(learner)
            before = weigh(pid).private
            idle = await taps(learner, step, run.rounds(ROUNDS))
            for number in range(FLOODS):
                await _flood(url, number)
            await _all_run(run)
            flooded = await taps(learner, step, run.rounds(ROUNDS))
            memory = (weigh(pid).private - before) / FLOODS
    what = f"a tap answered while {FLOODS} labs flood / by an idle bot"
    return [
        ratio("floods", what, flooded, idle, "s", TIMES),
        plain("floods", f"the bot's memory for each of {FLOODS} flooded terminals", Sample.of([memory]), "MiB", MEMORY),
    ]


async def old_step(learner: Member) -> Seen:
    """A step that the learner has left: its Next is answered with a word and sends nothing."""
    await learner.says(START)
    await learner.presses(START_CHAPTER, timeout=PATIENCE)
    step = await learner.sees_button(NEXT, timeout=PATIENCE)
    await learner.sees_toast(await learner.presses(NEXT, on=step), timeout=PATIENCE)
    return step


async def _flood(url: str, number: int) -> None:
    """A topic with a lab that writes without end."""
    async with Member(url, chat=FORUM) as organiser:
        topic = (await organiser.call("topic", chat=FORUM, name=f"flood {number}"))["id"]
        await organiser.call("say", chat=FORUM, topic=topic, text=FLOOD)


async def _all_run(run: Run) -> None:
    """Returns when every lab's program has written for a while."""
    async with asyncio.timeout(PATIENCE):
        while len((await docker(run, *TOOLBOXES)).split()) < FLOODS:  # noqa: ASYNC110 - labs tell nobody
            await asyncio.sleep(1)
    await asyncio.sleep(SETTLE_SECONDS)


async def taps(learner: Member, step: Seen, rounds: int) -> Sample:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        await learner.sees_toast(await learner.presses(NEXT, on=step), timeout=PATIENCE)
        times.append(time.perf_counter() - started)
        await asyncio.sleep(PAUSE)
    return Sample.of(times)
