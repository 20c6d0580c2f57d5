"""A conversation's terminal: one shell, one command at a time, one live message for each."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.chat.job import Job
from bot.chat.keypad import Pad
from bot.chat.live import Live
from bot.chat.message import Button
from bot.chat.ports import Lab, Shell
from bot.chat.sender import Sender
from bot.chat.texts import Words
from bot.chat.view import STOPPED
from bot.errors import DosirakError, EngineTimeout, EngineUnavailable, LabsFull
from bot.identity import Scope
from bot.tasks import TaskShelf
from bot.terminal import keys
from bot.terminal.screen import LINE_SIZE, PHONE_SIZE, Size
from bot.terminal.terminal import AlternateChanged, CommandEnded, Happening, Phase, PromptSeen, Reply, Run, Terminal

log = logging.getLogger(__name__)

JOBS_KEPT = 3
"""Ended commands whose whole output can still be asked for; each is bounded at about a MiB."""
PROMPT_SECONDS = 3.0
"""How long bash may take to its prompt; then the line is typed anyway, and bash reads it when it is up."""
FIRST_DRAWN = 0.1
"""Seconds of quiet after which a program's first screen is complete: busybox's vi spoils its screen when its size
changes while it draws."""
FIRST_DRAWN_LATEST = 1.0
"""Then the size changes anyway: `top` never rests."""
PROBE_SECONDS = 0.7
"""How long a bash that was found running may take to draw its prompt again; a program that runs there draws none."""


class Session:
    """Types commands into the lab's shell and keeps their messages up to date."""

    def __init__(
        self,
        scope: Scope,
        sender: Sender,
        tasks: TaskShelf,
        words: Callable[[], Words],
        open_lab: Callable[[], Awaitable[Lab]],
        note: Callable[[int | None], Awaitable[None]],
    ) -> None:
        """`note` keeps the number of the message of the command that runs, None when none does."""
        self._scope = scope
        self._sender = sender
        self._tasks = tasks
        self._words = words
        self._open_lab = open_lab
        self._note = note
        self._terminal = Terminal(LINE_SIZE)
        self._shell: Shell | None = None
        self._prompt = asyncio.Event()
        self._strokes = asyncio.Lock()
        self._jobs: deque[Job] = deque(maxlen=JOBS_KEPT)
        self.job: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether a command is being run, so that a message is its input."""
        return self.job is not None

    @property
    def attached(self) -> bool:
        """Whether a shell is listened to."""
        return self._shell is not None or self.busy

    async def settled(self, seconds: float) -> None:
        """Returns when the last command's final frame is in the chat, or after so many seconds."""
        job = self.job or (self._jobs[-1] if self._jobs else None)
        if job is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await job.shown.wait()

    async def cut_off(self, seconds: float) -> None:
        """The bot is about to stop: a command's message says so and loses its keys, within so many seconds."""
        if self.job is not None:
            if self.job.run is None:
                return
            self.job.cut = STOPPED
            self._happened(self._terminal.close(_now()))
        await self.settled(seconds)

    def move(self, scope: Scope) -> None:
        """The group has another id from now on: what runs is shown in a new message there."""
        self._scope = scope
        for job in (*self._jobs, *([self.job] if self.job else [])):
            if job.live is not None:
                job.live.resettle(scope)

    def find(self, message_id: int | None) -> Job | None:
        """The job that this message shows, while it is remembered."""
        known = [*self._jobs, *([self.job] if self.job else [])]
        return next((job for job in known if job.live and job.live.message_id == message_id), None)

    def start(self, job: Job, then: Callable[[Job], Awaitable[None]]) -> None:
        """Run a command in the background; `then` is called when its final frame is in the chat.

        `busy` is true from now on. There must be no other command.
        """
        self.job = job
        self._tasks.start(self._run(job, then), name="command")

    async def _run(self, job: Job, then: Callable[[Job], Awaitable[None]]) -> None:
        live = job.live = Live(
            self._sender,
            self._scope,
            lambda: job.view(self._words(), _now()),
            look_again=job.look_again,
            posted=self._note,
        )
        following = self._tasks.start(self._follow(job, live), name="live message")
        self._tasks.start(self._sender.typing(self._scope), name="typing")
        try:
            await self._play(job)
        finally:
            self._jobs.append(job)
            self.job = None
            live.finish()
        await following
        if self.job is None:
            await self._note(None)
        job.shown.set()
        await then(job)

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
            await self.attach()
            if job.cancelled:
                job.failure = "exit.interrupted"
                return
            await self._prompted(PROMPT_SECONDS)
            self._prompt.clear()
            job.run = self._terminal.begin(job.command, _now())
            await self._write(keys.command_line(job.command))
            await job.ended.wait()
        except LabsFull:
            job.failure = "lab.full"
        except (EngineUnavailable, EngineTimeout):
            job.failure = "lab.engine_away"
        except DosirakError as error:
            log.warning("a command could not be run: %s", error)
            job.failure = "lab.failed"
        except Exception:
            log.exception("a command could not be run")
            job.failure = "note.failed"

    async def attach(self) -> None:
        """Have the lab open, its shell listened to and its prompt seen. Raises what opening a lab raises."""
        lab = await self._open_lab()
        if self._shell is not lab.shell:
            self._listen(lab.shell)
        if self._terminal.phase is Phase.UNKNOWN:
            await self._find_prompt(lab.shell)

    def _listen(self, shell: Shell) -> None:
        self._shell = shell
        self._prompt.clear()
        self._terminal = Terminal(LINE_SIZE)
        shell.when_ended(self._shell_ended)
        self._tasks.start(self._pump(shell), name="terminal output")

    async def _find_prompt(self, shell: Shell) -> None:
        """A fresh bash prints its prompt; one that was found running does so when its size changes."""
        if await self._prompted(PROBE_SECONDS):
            return
        columns, rows = LINE_SIZE
        await shell.resize(columns - 1, rows)
        await shell.resize(columns, rows)
        await self._prompted(PROMPT_SECONDS)

    async def _prompted(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._prompt.wait()
        return self._prompt.is_set()

    async def _pump(self, shell: Shell) -> None:
        async for data in shell.output():
            if shell is not self._shell:
                return
            for happening in self._terminal.feed(data, _now()):
                await self._take(happening)
        if shell is self._shell:
            self._shell = None
            self._happened(self._terminal.close(_now()))

    async def _take(self, happening: Happening) -> None:
        if isinstance(happening, Reply):
            await self._write(happening.data)
        elif isinstance(happening, AlternateChanged):
            if happening.on:
                self._tasks.start(self._shrink(happening.run), name="phone size")
            else:
                await self._resize(LINE_SIZE)
        elif isinstance(happening, CommandEnded) and self._terminal.size != LINE_SIZE:
            await self._resize(LINE_SIZE)
        self._happened((happening,))

    def _happened(self, happenings: tuple[Happening, ...]) -> None:
        for happening in happenings:
            if isinstance(happening, PromptSeen):
                self._prompt.set()
            if self.job is None or self.job.live is None:
                continue
            if isinstance(happening, CommandEnded):
                self.job.ended.set()
            self.job.live.changed()

    def _shell_ended(self, code: int | None) -> None:
        """bash has exited; the next command starts another."""
        self._prompt.clear()
        if self.job is not None:
            self.job.cut = "terminal.shell_ended"
        self._happened(self._terminal.close(_now()))

    async def _shrink(self, run: Run) -> None:
        """Give a program that took the whole screen a phone's, once it has drawn its first one."""
        latest = _now() + FIRST_DRAWN_LATEST
        while _now() < min(run.changed + FIRST_DRAWN, latest):
            await asyncio.sleep(FIRST_DRAWN)
        if run.screen.alternate and not run.over:
            await self._resize(PHONE_SIZE)

    async def _resize(self, size: Size) -> None:
        if self._shell is not None:
            self._terminal.resize(size)
            await self._shell.resize(*size)

    # --- into the program that runs ----------------------------------------------------------------------------------

    async def send_input(self, text: str, *, below: bool) -> None:
        """A learner's line for the program; `below`: it came as a message, so the terminal moves under it."""
        if self.job is None:
            return
        if self.job.live is not None:
            self.job.live.touched()
            if below:
                self.job.live.move()
        run = self._terminal.run
        by_keys = run is not None and run.by_keys
        async with self._strokes:
            await self._write(keys.entered(text, by_keys=by_keys, pastes=self._terminal.paste_mode))

    async def press(self, name: str) -> bool:
        """A key or a line by its name; False when nothing runs or the name is unknown."""
        run = self._terminal.run
        strokes = keys.strokes(name, application=run is not None and run.screen.application_keys)
        if self.job is None or not strokes:
            return False
        if self.job.live is not None:
            self.job.live.touched()
        if self.job.pad is Pad.CTRL:  # one letter, as with a phone's shift key
            self._show_pad(self.job, Pad.KEYS)
        async with self._strokes:
            for data in strokes:
                await self._write(data)
                if data in keys.APART:
                    await asyncio.sleep(keys.STROKE_PAUSE)
        return True

    async def choose(self, pad: Pad) -> bool:
        """Other keys under the message; False when no program runs."""
    def offer(self, onward: Button) -> None:
        """A button to go on with, under the command that runs."""
        if self.job is not None:
            self.job.onward = onward
            if self.job.live is not None:
                self.job.live.changed()

        run = self._terminal.run
        if self.job is None or run is None or run.over:
            return False
        self._show_pad(self.job, Pad.KEYS if pad is Pad.OFF else pad)
        if not run.screen.alternate and run.keys_chosen != (pad is not Pad.OFF):
            run.keys_chosen = pad is not Pad.OFF
            await self._resize(PHONE_SIZE if run.keys_chosen else LINE_SIZE)
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
            await self._write(keys.INTERRUPT)
        return True

    async def _write(self, data: bytes) -> None:
        if self._shell is not None:
            await self._shell.write(data)


def _now() -> float:
    return asyncio.get_running_loop().time()
