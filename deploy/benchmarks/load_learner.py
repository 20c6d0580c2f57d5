"""One of the many: taps Run in each hands-on step, waits for what it promises, and leaves the lab empty."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bot.course import Course
from bot.identity import Language
from tests.chatclient import Member, Seen

PATIENCE = 600.0
"""Seconds for one answer: a hundred people share two cores."""
GREETING = "Hello from Chapter 2!"
AGAIN, RUN = "🔁", "▶ 실행"


@dataclass
class Times:
    """What all of them measured."""

    taps: list[float] = field(default_factory=list)
    """Seconds from a tap on Run to the greeting of a container that has ended."""
    starts: int = 0
    """Containers started, the labs' toolboxes among them."""
    first: float | None = None
    last: float = 0.0

    def began(self) -> None:
        """A container is asked for."""
        self.first = self.first or time.perf_counter()

    def started(self) -> None:
        """A container runs, or has run."""
        self.starts += 1
        self.last = time.perf_counter()

    @property
    def busy(self) -> float:
        """Seconds from the first wish to the last start."""
        assert self.first is not None
        return self.last - self.first


class Learner:
    """Knows the chapter's hands-on steps and what each shows."""

    def __init__(self, member: Member, course: Course, times: Times) -> None:
        self._member = member
        self._chapter = course.chapters[0]
        self._times = times

    async def plays(self) -> None:
        """The whole of it. Raises AssertionError with the transcript."""
        await self._goes_to("hello")
        await self._greeted(RUN)
        self._times.started()  # The lab's toolbox.
        await self._done("hello")
        await self._goes_to("hello-again")
        await self._greeted(RUN)
        await self._done("hello-again")
        await self._shell()
        await self._goes_to("list")
        await self._runs("▶ 1", "Exited (0)")
        await self._done("list")
        await self._kept()
        await self._goes_to("web")
        await self._starts("▶ 1", "✓")
        await self._member.sees("🌐", timeout=PATIENCE)
        await self._done("web")
        await self._goes_to("clean-up")
        await self._runs("▶ 1", "✓")
        await self._done("clean-up")
        await self._leaves()

    async def _shell(self) -> None:
        """A shell in a container, as step 5 has it."""
        step = await self._goes_to("remote-computer")
        self._times.began()
        await self._member.presses("▶ 1", on=step, timeout=PATIENCE)
        await self._member.sees("/ # ", timeout=PATIENCE)
        self._times.started()
        await self._member.says("exit")
        await self._ended("/ # exit")
        await self._done("remote-computer")

    async def _kept(self) -> None:
        await self._goes_to("what-is-kept")
        await self._starts("▶ 1", GREETING)
        await self._runs("▶ 2", GREETING)
        await self._runs("▶ 3", "memo.txt hello:/")
        await self._starts("▶ 4", GREETING)
        await self._done("what-is-kept")

    async def _leaves(self) -> None:
        await self._member.says("/reset")
        await self._member.presses("🧹 되돌리기", timeout=PATIENCE)
        await self._member.sees("✨", timeout=PATIENCE)

    async def _greeted(self, button: str) -> None:
        """A tap on Run, with a clock."""
        tapped = time.perf_counter()
        await self._starts(button, GREETING)
        self._times.taps.append(time.perf_counter() - tapped)

    async def _starts(self, button: str, piece: str) -> None:
        self._times.began()
        await self._runs(button, piece)
        self._times.started()

    async def _runs(self, button: str, piece: str) -> None:
        await self._member.presses(button, timeout=PATIENCE)
        await self._ended(piece)

    async def _ended(self, piece: str) -> Seen:
        return await self._member.sees_where(
            lambda seen: piece in seen.text and seen.text.startswith("$ ") and seen.button(AGAIN),
            f"the end with {piece!r}",
            timeout=PATIENCE,
        )

    async def _goes_to(self, step: str) -> Seen:
        number = self._chapter.index(step) + 1
        await self._member.says(f"/start {self._chapter.id}-{step}")
        return await self._member.sees(f"1장 · {number}/", timeout=PATIENCE)

    async def _done(self, step: str) -> None:
        text = self._chapter.step(step).texts[Language.KOREAN]
        await self._member.sees(f"✅ {text.done}", timeout=PATIENCE)
