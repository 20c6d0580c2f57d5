"""A conversation's terminal: one shell, one command at a time, one live message for each."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.chat.console import Console
from bot.chat.job import Job
from bot.chat.keypad import Pad
from bot.chat.ledger import Ledger
from bot.chat.live import Live
from bot.chat.message import Button
from bot.chat.ports import Lab
from bot.chat.refusals import refusal
from bot.chat.sender import Sender
from bot.chat.texts import Words
from bot.chat.valve import Valve
from bot.chat.view import STOPPED
from bot.errors import DosirakError
from bot.identity import Scope
from bot.learning.events import Hold
from bot.tasks import TaskShelf
from bot.terminal.run import DEAF, Run
from bot.terminal.sizes import Width
from bot.terminal.terminal import CommandEnded, CommandStarted, Happening

log = logging.getLogger(__name__)

JOBS_KEPT = 3
"""Ended commands whose whole output can still be asked for; each is bounded at about a MiB."""


class Session:
    """Types commands into the lab's shell and keeps their messages up to date."""

    def __init__(
        self,
        scope: Scope,
        sender: Sender,
        tasks: TaskShelf,
        valve: Valve,
        words: Callable[[], Words],
        open_lab: Callable[[], Awaitable[Lab]],
        used_lab: Callable[[], Awaitable[None]],
        ledger: Ledger,
        width: Width = Width.AUTO,
    ) -> None:
        self._scope = scope
        self._sender = sender
        self._tasks = tasks
        self._words = words
        self._ledger = ledger
        self._used_lab = used_lab
        self.console = Console(
            tasks, valve, open_lab, width=width, happened=self._happened, shell_ended=self._shell_ended
        )
        self._jobs: deque[Job] = deque(maxlen=JOBS_KEPT)
        self._opening: asyncio.Timeout | None = None
        """Around the lab's opening for a command; a bot that stops ends it."""
        self.job: Job | None = None
        self._left_over: deque[Run] = deque()
        self._then: Callable[[Job], Awaitable[None]] | None = None

    @property
    def busy(self) -> bool:
        """Whether a command is being run, so that a message is its input."""
        return self.job is not None

    @property
    def demo_runs(self) -> bool:
        """Whether the command that runs is a demo's: nobody's words or keys are for it."""
        return self.job is not None and self.job.tour

    @property
    def hold(self) -> Hold:
        """What holds the terminal now."""
        if self.demo_runs:
            return Hold.DEMO
        run = self.console.run if self.busy else None
        if run is not None and run.by_keys:
            return Hold.SCREEN
        if run is not None and run.at_shell_prompt:
            return Hold.SHELL
        return Hold.PROGRAM if self.busy else Hold.NOTHING

    @property
    def busy_note(self) -> str:
        """The key of what is said to one who wants to run something meanwhile: the way out depends on what runs."""
        return "note.inside" if self.hold is Hold.SHELL else "note.busy"

    @property
    def last(self) -> Job | None:
        """The command that runs, or else the one that ran last."""
        return self.job or (self._jobs[-1] if self._jobs else None)

    @property
    def attached(self) -> bool:
        """Whether a shell is listened to."""
        return self.console.attached or self.busy

    async def settled(self, seconds: float) -> None:
        """Returns when the last command's final frame is in the chat, or after so many seconds."""
        job = self.last
        if job is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await job.shown.wait()

    async def cut_off(self, seconds: float, why: str = STOPPED) -> None:
        """What runs is not followed any more: its message says why (a key), within so many seconds.

        The bot is about to stop, or the lab to be taken away.
        """
        self._left_over.clear()
        if self.job is not None:
            self.job.cut = why
            if self._opening is not None:
                self._opening.reschedule(_now())
            self.console.close()
        await self.settled(seconds)

    def move(self, scope: Scope) -> None:
        """The group has another id from now on: what runs is shown in a new message there."""
        self._scope = scope
        for job in (*self._jobs, *([self.job] if self.job else [])):
            job.asked = None
            if job.live is not None:
                job.live.resettle(scope)

    def find(self, message_id: int | None) -> Job | None:
        """The job that this message shows, while it is remembered."""
        known = [*self._jobs, *([self.job] if self.job else [])]
        return next((job for job in known if job.live and job.live.message_id == message_id), None)

    def start(self, job: Job, then: Callable[[Job], Awaitable[None]]) -> None:
        """Run a command in the background; `then` is called when its final frame is in the chat, and returns when
        all that comes of the command was said.

        `busy` is true from now on. There must be no other command.
        """
        self.job = job
        self._then = then
        self._tasks.start(self._run(job, then), name="command")

    def _adopt(self) -> None:
        """A line that was sent to a program which did not read it has become a command: it has a message of its own."""
        last = self.last
        if self.job is None and self._left_over and last is not None and self._then is not None:
            job = Job(self._left_over[0].command, None, last.person, shared=last.shared)
            job.forgotten = last.forgotten
            job.run = self._left_over.popleft()
            self.start(job, self._then)

    async def _run(self, job: Job, then: Callable[[Job], Awaitable[None]]) -> None:
        await self._ledger.begin(self._scope, job)
        live = job.live = Live(
            self._sender,
            self._scope,
            lambda: job.view(self._words(), _now()),
            look_again=job.look_again,
            posted=lambda message_id: self._ledger.posted(job, message_id),
        )
        following = self._tasks.start(self._follow(job, live), name="live message")
        self._tasks.start(self._sender.typing(self._scope), name="typing")
        try:
            await self._played(job)
            await self._used_lab()
            await self._ledger.ended(job, job.view(self._words(), _now()))
        finally:
            live.finish()
        await following
        job.shown.set()
        await then(job)
        await self._ledger.over(job)

    async def _played(self, job: Job) -> None:
        """The terminal is free before the end is seen: a tap on what follows must not find it busy."""
        try:
            await self._play(job)
        finally:
            self._jobs.append(job)
            self.job = None
            self._adopt()

    async def _follow(self, job: Job, live: Live) -> None:
        """Nobody reads what runs in a chat that the bot was put out of, and nobody could stop it."""
        await live.follow()
        if live.unreachable and self.job is job:
            log.info("a command is interrupted: its chat cannot be reached any more")
            job.cut = STOPPED
            with suppress(DosirakError):
                await self.interrupt()
            job.ended.set()

    async def _play(self, job: Job) -> None:
        try:
            if job.cut is None and job.run is None:
                await self._begin(job)
            if job.run is not None and not job.run.over:
                await job.ended.wait()
            elif job.cancelled:
                job.failure = "exit.interrupted"
        except DosirakError as error:
            log.warning("a command could not be run: %s", error)
            job.failure = refusal(error)
        except Exception:
            log.exception("a command could not be run")
            job.failure = "note.failed"

    async def _begin(self, job: Job) -> None:
        """Type the command into its lab's shell; without that when it is interrupted or cut off before."""
        try:
            async with asyncio.timeout(None) as self._opening:
                await self.console.attach()
                if not job.cancelled:
                    job.run = await self.console.begin(job.command)
                    if job.cancelled:  # Meanwhile, when nothing ran yet that Ctrl-C could reach.
                        await self.console.interrupt()
        except TimeoutError:
            if job.cut is None:
                raise
        finally:
            self._opening = None

    def _happened(self, happening: Happening) -> None:
        if isinstance(happening, CommandStarted) and happening.run.left_over:
            self._left_over.append(happening.run)
            self._adopt()
        if self.job is None or self.job.live is None:
            return
        if isinstance(happening, CommandEnded):
            if happening.run.started is None and happening.run.exit is not None and happening.run.exit.code is None:
                self.job.cut = self.job.cut or "terminal.lost"
            self.job.ended.set()  # The end is drawn when it is noted.
        else:
            self.job.live.changed()

    def _shell_ended(self) -> None:
        if self.job is not None and self.job.run is not None:
            self.job.cut = self.job.cut or "terminal.shell_ended"

    async def recheck(self) -> None:
        """The engine is back: a command whose line or whose end was lost with it is not waited for."""
        if self.job is not None and self.job.run is not None and not self.job.run.over:
            with suppress(DosirakError):
                await self.console.recheck()

    # --- into the program that runs ----------------------------------------------------------------------------------

    async def send_input(self, text: str, *, below: bool) -> bool:
        """A learner's line for the program; False when none runs that takes one, or not yet.

        `below`: it came as a message, so the terminal moves under it.
        """
        if self.job is None or self.job.run is None or self.job.tour:
            return False
        if self.job.live is not None:
            self.job.live.touched()
            if below:
                self.job.live.move()
        await self.console.enter(text)
        return True

    async def press(self, name: str) -> bool:
        """A key or a line by its name; False when nothing runs that takes one, or the name is unknown."""
        if self.job is None or self.job.tour:
            return False
        if self.job.live is not None:
            self.job.live.touched()
        if self.job.pad is Pad.CTRL:  # one letter, as with a phone's shift key
            self._show_pad(self.job, Pad.KEYS)
        return await self.console.strike(name)

    def offer(self, onward: Button, *, inside: bool) -> None:
        """A button to go on with, under the command that runs; `inside`: as long as it runs."""
        if self.job is not None and not self.job.tour:
            self.job.onward, self.job.onward_inside = onward, inside
            if self.job.live is not None:
                self.job.live.changed()

    async def choose(self, pad: Pad) -> bool:
        """Other keys under the message; False when no program runs that takes them."""
        run = self.console.run
        if self.job is None or run is None or self.job.tour:
            return False
        self._show_pad(self.job, Pad.KEYS if pad is Pad.OFF else pad)
        await self.console.choose_keys(run, pad is not Pad.OFF)
        return True

    def _show_pad(self, job: Job, pad: Pad) -> None:
        job.pad = pad
        if job.live is not None:
            job.live.changed()

    async def interrupt(self) -> bool:
        """Ctrl-C, at once; False when nothing runs."""
        if self.job is None:
            return False
        if self.job.run is None:
            self.job.cancelled = True
        else:
            if self.job.live is not None:
                self._tasks.start(self._look_later(self.job.live), name="look after Ctrl-C")
            await self.console.interrupt()
        return True

    async def _look_later(self, live: Live) -> None:
        """Whether Ctrl-C has done anything is seen after a while."""
        await asyncio.sleep(DEAF)
        live.changed()


def _now() -> float:
    return asyncio.get_running_loop().time()
