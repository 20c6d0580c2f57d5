"""The lab's pty as a conversation uses it: attached on demand, read all the time, as large as what runs needs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

from bot.chat.ports import Lab, Shell
from bot.chat.valve import Valve, slices
from bot.errors import DosirakError
from bot.identity import LabId
from bot.tasks import TaskShelf
from bot.terminal import keys
from bot.terminal.run import Run
from bot.terminal.screen import LINE_SIZE, Size
from bot.terminal.share import Share
from bot.terminal.sizes import Width
from bot.terminal.terminal import AlternateChanged, CommandEnded, Happening, Phase, PromptSeen, Reply, Terminal

log = logging.getLogger(__name__)

PROMPT_SECONDS = 3.0
"""How long bash may take to its prompt; then the line is typed anyway, and bash reads it when it is up."""
PROBE_SECONDS = 0.7
"""How long a bash that was found running may take to draw its prompt again; a program that runs there draws none."""
REDRAW_PAUSE = 0.1
"""Between two sizes: bash does not draw anew for a change that was undone before it looked."""
FIRST_DRAWN = 0.1
"""Seconds of quiet after which a program's first screen is complete: busybox's vi spoils its screen when its size
changes while it draws."""
FIRST_DRAWN_LATEST = 1.0
"""Then the size changes anyway: `top` never rests."""
INTERRUPT_SECONDS = 1.5
"""How long a Ctrl-C may stay without its echo. The pty takes 4 KiB that no program reads, and behind that nothing."""
_INTERRUPT_ECHO = b"^C"


class Console:
    """Bytes in both directions; what they mean goes to `happened`."""

    def __init__(
        self,
        tasks: TaskShelf,
        valve: Valve,
        open_lab: Callable[[], Awaitable[Lab]],
        *,
        width: Width,
        happened: Callable[[Happening], None],
        shell_ended: Callable[[], None],
    ) -> None:
        self._tasks = tasks
        self._valve = valve
        self._open_lab = open_lab
        self._tell = happened
        self._shell_ended = shell_ended
        self._share = Share()
        self._shell: Shell | None = None
        self._lab: LabId | None = None
        self._prompt = asyncio.Event()
        self._strokes = asyncio.Lock()
        self._interrupted = asyncio.Event()
        self._insisting: asyncio.Task[None] | None = None
        self._width = width
        self._terminal = Terminal(self._width.lines)

    @property
    def attached(self) -> bool:
        """Whether a shell is listened to."""
        return self._shell is not None

    @property
    def width(self) -> Width:
        return self._width

    @property
    def run(self) -> Run | None:
        """The command that runs; None at the prompt."""
        return self._terminal.run if self._terminal.busy else None

    # --- the shell ---------------------------------------------------------------------------------------------------

    async def attach(self) -> None:
        """Have the lab open, its shell listened to and its prompt seen. Raises what opening a lab raises."""
        lab = await self._open_lab()
        if self._shell is not lab.shell:
            await self._listen(lab.id, lab.shell)
        if self._terminal.phase is Phase.UNKNOWN:
            await self._find_prompt(lab.shell)
        await self._prompted(PROMPT_SECONDS)

    async def _listen(self, lab: LabId, shell: Shell) -> None:
        """A lab that was parked comes back with another shell, and its recording goes on."""
        self._shell = shell
        self._prompt.clear()
        recording = self._terminal.recording if lab == self._lab else None
        if recording is not None:
            recording.resume(self._width.lines, _now())
        self._lab = lab
        self._terminal = Terminal(self._width.lines, recording)
        shell.when_ended(lambda code: self._ended(shell))
        self._tasks.start(self._pump(shell), name="terminal output")
        if self._width.lines != LINE_SIZE:
            await shell.resize(*self._width.lines)

    async def _find_prompt(self, shell: Shell) -> None:
        """A fresh bash prints its prompt; one that was found running does so when its size changes."""
        if await self._prompted(PROBE_SECONDS):
            return
        await self._redraw(shell, self._width.lines)
        await self._prompted(PROMPT_SECONDS)

    async def _prompted(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._prompt.wait()
        return self._prompt.is_set()

    async def recheck(self) -> None:
        """The engine was away while a command ran: have bash say whether it is at its prompt. Raises as `attach`."""
        lab = await self._open_lab()
        if lab.shell is self._shell:
            self._terminal.doubt()
            await self._redraw(lab.shell, self._terminal.size)

    async def _redraw(self, shell: Shell, size: Size) -> None:
        """A bash that waits at its prompt draws it again when its size changes."""
        await shell.resize(size.columns - 1, size.rows)
        await asyncio.sleep(REDRAW_PAUSE)
        await shell.resize(*size)

    def close(self) -> None:
        """Nobody follows the command that runs any longer."""
        self._prompt.clear()
        self._happened(self._terminal.close(_now()))

    def _ended(self, shell: Shell) -> None:
        """bash has exited; the next command starts another."""
        if shell is self._shell:
            self._shell_ended()
            self.close()

    def recorded(self, moment: datetime, title: str) -> bytes | None:
        """The shell's session up to now as an asciicast; None when there was none."""
        recording = self._terminal.recording
        if recording.empty:
            return None
        return recording.document(now=_now(), timestamp=moment.timestamp(), title=title)

    # --- from the pty ------------------------------------------------------------------------------------------------

    async def _pump(self, shell: Shell) -> None:
        try:
            await self._follow(shell)
        except Exception:
            log.exception("the terminal's output could not be followed; the next command follows it again")
        if shell is self._shell:
            self._shell = None
            self.close()

    async def _follow(self, shell: Shell) -> None:
        async for data in shell.output():
            if _INTERRUPT_ECHO in data:
                self._interrupted.set()
            for piece in slices(data):
                if shell is not self._shell:
                    return
                feed = partial(self._terminal.feed, piece, _now())
                for happening in await self._valve.draw(self._share, feed):
                    await self._take(happening)

    async def _take(self, happening: Happening) -> None:
        try:
            await self._serve(happening)
        except DosirakError as error:
            # The engine has just gone, or the program does not read: what it prints next is shown all the same.
            log.info("a program's terminal goes without an answer or its size: %s", error)
        self._happened((happening,))

    async def _serve(self, happening: Happening) -> None:
        if isinstance(happening, Reply):
            await self.write(happening.data)
        elif isinstance(happening, AlternateChanged) and happening.on:
            self._tasks.start(self._shrink(happening.run), name="phone size")
        elif isinstance(happening, AlternateChanged | CommandEnded):
            await self._fit()

    def _happened(self, happenings: tuple[Happening, ...]) -> None:
        for happening in happenings:
            if isinstance(happening, PromptSeen):
                self._prompt.set()
            self._tell(happening)

    # --- its size ----------------------------------------------------------------------------------------------------

    async def choose_width(self, width: Width) -> None:
        """From now on."""
        self._width = width
        await self._fit()

    async def choose_keys(self, run: Run, chosen: bool) -> None:
        """The learner wants the whole screen and single keys for a program that reads lines, or no longer."""
        if not run.screen.alternate:
            run.keys_chosen = chosen
            await self._fit()

    async def _fit(self) -> None:
        """The size for what runs now."""
        by_keys = self.run is not None and self.run.by_keys
        size = self._width.screen if by_keys else self._width.lines
        if self._shell is not None and size != self._terminal.size:
            self._terminal.resize(size, _now())
            await self._shell.resize(*size)

    async def _shrink(self, run: Run) -> None:
        """Give a program that took the whole screen its size, once it has drawn its first one."""
        latest = _now() + FIRST_DRAWN_LATEST
        while _now() < min(run.changed + FIRST_DRAWN, latest):  # noqa: ASYNC110 - quiet is no event
            await asyncio.sleep(FIRST_DRAWN)
        await self._fit()

    # --- into the pty ------------------------------------------------------------------------------------------------

    async def begin(self, command: str) -> Run:
        """Type a command at the prompt."""
        self._prompt.clear()
        run = self._terminal.begin(command, _now())
        await self.write(keys.command_line(command))
        return run

    async def enter(self, text: str) -> None:
        """A learner's message for the program that runs."""
        by_keys = self.run is not None and self.run.by_keys
        self._note_interrupt(None)
        async with self._strokes:
            await self.write(keys.entered(text, by_keys=by_keys, pastes=self._terminal.paste_mode))

    async def strike(self, name: str) -> bool:
        """A key by its name, or several; False for an unknown one."""
        self._note_interrupt(None)
        strokes = keys.strokes(name, application=self.run is not None and self.run.screen.application_keys)
        async with self._strokes:
            for data in strokes:
                await self.write(data)
                if data in keys.APART:
                    await asyncio.sleep(keys.STROKE_PAUSE)
        return bool(strokes)

    async def interrupt(self) -> None:
        """Ctrl-C. One that seems to be stuck gets its way: what the program has not read is thrown away."""
        self._share.hurry()
        self._note_interrupt(_now())
        self._interrupted.clear()
        if self.run is not None and (self._insisting is None or self._insisting.done()):
            self._insisting = self._tasks.start(self._insist(self.run), name="interrupt")
        await self.write(keys.INTERRUPT)

    def _note_interrupt(self, now: float | None) -> None:
        """None: something else was typed. A program that was deaf until then has not heard that either."""
        if self.run is not None and (now is not None or not self.run.deaf(_now())):
            self.run.interrupted = now

    async def _insist(self, run: Run) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(INTERRUPT_SECONDS):
                await self._interrupted.wait()
        if self._interrupted.is_set() or run.over or self._shell is None:
            return
        with suppress(DosirakError):  # The lab goes away, and the program with it.
            await self._shell.drain()

    async def write(self, data: bytes) -> None:
        """Bytes as they are."""
        if self._shell is not None:
            await self._shell.write(data)


def _now() -> float:
    return asyncio.get_running_loop().time()
