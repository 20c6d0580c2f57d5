"""A chapter played while things are killed: one row for each moment."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from tests.chatclient import Member, Seen
from tests.crash.chapter import ACTS, PATIENCE, STOP, Act, runs
from tests.crash.judge import CUT_OFF, Memory, faults_after, page_of, quiet
from tests.crash.world import Victim, World

ODDS = {Victim.BOT: 10, Victim.ENGINE: 3, Victim.REGISTRY: 2, Victim.BOT_AND_ENGINE: 2, Victim.POWER: 3}
"""The bot is what is restarted most often; the others are what an operator sees once in a year."""
LONGEST = 4.0
"""Seconds from the start of an act to its kill, half of them within the first: most acts take a second or two, so that
some moments fall after their end too."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is killed, and how many seconds after the learner began the act."""

    number: int
    victim: Victim
    act: Act
    after: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What a moment has shown."""

    moment: Moment
    running: str
    after: str
    faults: tuple[str, ...]

    @property
    def row(self) -> tuple[str, ...]:
        moment = self.moment
        verdict = "; ".join(self.faults) or "ok"
        return (
            str(moment.number),
            moment.victim,
            f"{moment.act.step} +{moment.after:.2f} s",
            self.running,
            self.after,
            verdict,
        )


def moments(seed: int, number: int) -> Iterator[Moment]:
    """So many moments, the same ones for the same seed; the chapter is played again and again."""
    dice = random.Random(seed)
    for index in range(number):
        (victim,) = dice.choices(list(ODDS), list(ODDS.values()))
        yield Moment(index + 1, victim, ACTS[index % len(ACTS)], LONGEST * dice.random() ** 2)


def one_of_each(seed: int) -> list[Moment]:
    """A short run: everything is killed once, the bot twice, each in the middle of another act."""
    dice = random.Random(seed)
    victims = [*Victim, Victim.BOT]
    dice.shuffle(victims)
    acts = [act for act in ACTS if act.done]
    return [
        Moment(number, victim, act, LONGEST * dice.random() ** 2)
        for number, (victim, act) in enumerate(zip(victims, acts, strict=True), start=1)
    ]


class Player:
    """One learner through all moments; a new one for each round of the chapter, since a step is done once."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def round(self, chosen: list[Moment]) -> list[Finding]:
        """One chapter with its moments."""
        memory = Memory()
        async with self._world.telegram.person() as learner:
            findings = [await self._moment(learner, memory, moment) for moment in chosen]
            await self._tidy(learner)
        return findings

    async def _moment(self, learner: Member, memory: Memory, moment: Moment) -> Finding:
        await _goes_to(learner, moment.act)
        memory.act, memory.since = moment.act, learner.messages[-1].id
        memory.page = None
        task = asyncio.get_running_loop().create_task(moment.act.play(learner), name=moment.act.step)
        await asyncio.sleep(moment.after)
        running = _what_runs(learner, task)
        memory.note(learner)
        memory.page = page_of(learner) if moment.act.page and task.done() else None
        await self._world.kill(moment.victim)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        said = len(_said(learner, CUT_OFF))
        await self._world.bring_back(moment.victim)
        faults = await faults_after(self._world, learner, memory, restarted=moment.victim.takes_the_bot)
        after = "told that it was cut off" if len(_said(learner, CUT_OFF)) > said else "as it was"
        faults += await self._goes_on(learner, moment.act)
        if faults:
            print(f"the bot's log at moment {moment.number}:\n{self._world.log}")
        return Finding(moment, running, after, tuple(faults))

    async def _goes_on(self, learner: Member, act: Act) -> list[str]:
        """The learner does it again, as after any mishap, and it works."""
        try:
            await _frees_terminal(learner)
            await act.play(learner)
            await quiet(learner)
        except AssertionError as error:
            return [f"it does not go on: {error}"]
        url = page_of(learner) if act.page else None
        if act.page and url is None:
            return ["no page"]
        return []

    async def _tidy(self, learner: Member) -> None:
        await learner.says("/reset")
        await learner.presses("🧹 되돌리기", timeout=PATIENCE)
        await learner.sees("✨", timeout=PATIENCE)


async def _goes_to(learner: Member, act: Act) -> None:
    await _frees_terminal(learner)
    await learner.says(f"/start ch02-{act.step}")
    await learner.sees(f"1장 · {act.number}/", timeout=PATIENCE)


async def _frees_terminal(learner: Member) -> None:
    """What still runs is stopped, as anybody would."""
    for _ in count():
        running: Seen | None = next((seen for seen in learner.messages if runs(seen)), None)
        if running is None:
            return
        await learner.says("exit")
        with suppress(AssertionError):
            await learner.sees_where(lambda seen: not runs(seen), "its end", timeout=3)
        if (now := learner.now(running)) is not None and runs(now):
            await learner.presses(STOP, on=now)
            await asyncio.sleep(1)


def _what_runs(learner: Member, task: asyncio.Task[None]) -> str:
    running = [seen for seen in learner.messages if runs(seen)]
    if running:
        return running[-1].text.partition("\n")[0][:40]
    return "nothing: the act was over" if task.done() else "nothing in the chat yet"


def _said(learner: Member, piece: str) -> list[Seen]:
    return [seen for seen in learner.messages if seen.from_bot and piece in seen.text]
