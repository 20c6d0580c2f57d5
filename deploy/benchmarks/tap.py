"""From a tap on Run to the message with the container's words, against the same command typed in a lab."""

from __future__ import annotations

import asyncio
import time

from deploy.benchmarks.answers import PATIENCE, START, START_CHAPTER, free_port, until_served
from deploy.benchmarks.figures import Row, at_most, excess
from deploy.benchmarks.laboratory import lab_shell, sandbox
from deploy.benchmarks.lesson import GREETING, docker, in_lab
from deploy.benchmarks.programs import process
from deploy.benchmarks.run import Run, in_turns
from tests.chatclient import Member, Seen

ROUNDS = 20
RUN = "▶ 실행"
PAUSE = 4.0
"""Seconds between taps: the chat's own pace (three messages, then one a second) must not be what is measured."""
SWEEP_SECONDS = 3.0
"""The bot removes labs that it does not know when it starts: ours comes later."""
BOUND = at_most(0.4)


async def measure(run: Run) -> list[Row]:
    """The bot in its own process with the local chat, its limits on; the lab in this one; the same engine."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with process(run.environment("tap", f"127.0.0.1:{port}"), "bot"):
        await until_served(url)
        await asyncio.sleep(SWEEP_SECONDS)
        async with (
            Member(url) as learner,
            sandbox(run.settings("tap-lab")) as host,
            lab_shell(host) as (lab, typist),
        ):
            step = await _first_step(learner)
            found = await in_turns(
                run.rounds(ROUNDS),
                {"tap": lambda: _tap(run, learner, step), "lab": lambda: in_lab(lab, typist)},
            )
    return [excess("tap", "Run tapped, greeting in the chat - typed in a lab", found["tap"], found["lab"], "s", BOUND)]


async def _first_step(learner: Member) -> Seen:
    await learner.says(START)
    await learner.presses(START_CHAPTER, timeout=PATIENCE)
    return await learner.sees_button(RUN, timeout=PATIENCE)


async def _tap(run: Run, learner: Member, step: Seen) -> float:
    """The container is removed, and the chat is quiet again, before the next tap."""
    started = time.perf_counter()
    await learner.presses(RUN, on=step)
    await learner.sees(GREETING, timeout=PATIENCE)
    took = time.perf_counter() - started
    await asyncio.sleep(PAUSE)
    ids = await docker(run, "container", "ls", "--all", "--quiet", "--filter", "label=dosirak.role=learner")
    await docker(run, "container", "rm", "--force", *ids.split())
    return took
