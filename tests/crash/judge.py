"""What a learner finds after a crash, compared with what they had before it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from bot.pages.notices import Notice
from tests.chatclient import Member, Seen
from tests.crash.chapter import AGAIN, PAGE_OPEN, PATIENCE, Act, ended, runs
from tests.crash.world import World

OPENING = "🍱 실습 환경을 여는 중이에요."
CUT_OFF = "🔌 도시락이 다시 시작되면서"
DONE = "✅"
COMING = tuple(notice.value.english.title for notice in (Notice.RETURNING, Notice.STARTING))
PAGE_BACK = 10.0
"""Seconds after which a page is there again when its container died too; its lab is opened for it."""
QUIET = 1.5
"""Seconds without a change after which the bot has said all that it had to say after its start."""


@dataclass
class Memory:
    """What the learner knows for certain: their step, what is done, what they asked for, what was answered."""

    asked: Counter[str] = field(default_factory=Counter)
    finals: dict[int, str] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    running: frozenset[int] = frozenset()
    act: Act | None = None
    page: str | None = None
    command: Seen | None = None
    """The last message that was a command for the lab."""
    since: int = 0
    """The chat's newest message when the act began."""
    through: bool = False
    """The act's last command has ended, as the chat has it."""

    def note(self, learner: Member) -> None:
        """Take in what is in the chat now."""
        self.asked = Counter(seen.text for seen in learner.messages if not seen.from_bot)
        lines = [seen for seen in learner.messages if not seen.from_bot and seen.text.startswith("docker ")]
        self.command = lines[-1] if lines else None
        self.through = self.act is not None and any(
            seen.id > self.since and ended(seen, self.act.last, self.act.piece) for seen in learner.messages
        )
        self.finals = {seen.id: output_of(seen) for seen in learner.messages if is_final(seen)}
        self.running = frozenset(seen.id for seen in learner.messages if runs(seen) or OPENING in seen.text)
        self.done = Counter(seen.text for seen in learner.messages if seen.from_bot and seen.text.startswith(DONE))


def is_final(seen: Seen) -> bool:
    return seen.from_bot and seen.text.startswith("$ ") and seen.button(AGAIN) is not None


def output_of(seen: Seen) -> str:
    return seen.text


def page_of(learner: Member) -> str | None:
    """The newest address of a page that is said to be open."""
    told = [seen for seen in learner.messages if seen.from_bot and seen.text.startswith(PAGE_OPEN)]
    return next((word for seen in told[-1:] for word in seen.text.split() if word.startswith("http://")), None)


async def quiet(learner: Member) -> None:
    """Returns when the chat has not changed for a while."""
    before: object = None
    async with asyncio.timeout(PATIENCE):
        while before != (now := learner.transcript):
            before = now
            await asyncio.sleep(QUIET)


async def faults_after(world: World, learner: Member, memory: Memory, *, restarted: bool) -> list[str]:
    """Every promise that is broken, in a sentence each."""
    await quiet(learner)
    found = [*_of_messages(learner, memory, restarted=restarted), *_of_labs(world)]
    if memory.page is not None:
        found += await _of_page(world, memory.page)
    found += await _of_ends(world, learner, memory)
    if restarted and unanswered(learner, memory.command):
        found.append(f"not a word about {memory.command}")
    return [*found, *await _of_progress(learner, memory)]


def _of_messages(learner: Member, memory: Memory, *, restarted: bool) -> list[str]:
    now = {seen.id: output_of(seen) for seen in learner.messages}
    found = [f"a final frame was changed: {text!r}" for one, text in memory.finals.items() if now.get(one) != text]
    if restarted:
        hanging = [seen for seen in learner.messages if runs(seen) and seen.id in memory.running]
        found += [f"nobody follows {str(seen)!r}" for seen in hanging]
    shown = Counter(seen.text.partition("\n")[0] for seen in learner.messages if seen.from_bot and is_shell(seen))
    asked = Counter(f"$ {seen.text}" for seen in learner.messages if not seen.from_bot)
    found += [
        f"{count} messages for {asked[line]} times {line!r}" for line, count in shown.items() if count > asked[line]
    ]
    said = Counter(seen.text for seen in learner.messages if seen.from_bot and seen.text.startswith(DONE))
    found += [f"said {count} times: {text!r}" for text, count in said.items() if count > 1]
    pages = [seen for seen in learner.messages if seen.from_bot and seen.text.startswith(PAGE_OPEN)]
    if len(pages) > 1:
        found.append(f"{len(pages)} pages are said to be open")
    return found


def is_shell(seen: Seen) -> bool:
    return seen.text.startswith("$ ")


def _of_labs(world: World) -> list[str]:
    known, there = world.labs_on_record(), world.labs_found()
    return [f"orphans: {sorted(there - known)}"] if there - known else []


async def _of_page(world: World, url: str) -> list[str]:
    """It is there; after a loss of power it says for a while that its container is being started again."""
    try:
        async with asyncio.timeout(PAGE_BACK):
            while (visit := await world.home.visitor().opens(url)).status != 200:
                if not any(title in visit.text for title in COMING):
                    return [f"the page answers {visit.status}: {visit.text.partition(chr(10))[0]}"]
                await asyncio.sleep(0.2)
    except TimeoutError:
        return [f"the page is not back within {PAGE_BACK:g} s"]
    return []


async def _of_ends(world: World, learner: Member, memory: Memory) -> list[str]:
    """What belongs to the end of a command that ran through."""
    if memory.act is None or not memory.through:
        return []
    found = []
    if memory.act.done and not learner.shows(memory.act.praise):
        found.append(f"not said: {memory.act.praise!r}")
    if memory.act.page:
        url = page_of(learner)
        if url is None:
            found.append("no page after its container was started")
        elif (missing := await _of_page(world, url)) and url != memory.page:  # Said already.
            found += missing
    return found


def unanswered(learner: Member, asked: Seen | None) -> bool:
    """Whether a command has neither a message of its own nor a word that it was cut off."""
    if asked is None:
        return False
    since = [seen for seen in learner.messages if seen.from_bot and seen.id > asked.id]
    return not any(is_shell(seen) or CUT_OFF in seen.text for seen in since)


async def _of_progress(learner: Member, memory: Memory) -> list[str]:
    """What the bot itself says where the learner is."""
    if memory.act is None:
        return []
    await learner.says("/start")
    try:
        await learner.sees_button(f"▶ 이어서 · {memory.act.number}단계", timeout=PATIENCE)
    except AssertionError:
        return [f"the bot does not know that the learner is at step {memory.act.number}"]
    return []
