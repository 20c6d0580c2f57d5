"""A lab's terminal as the chat follows it: bytes of the pty in, what happened out.

A command that the learner sends is a `Run`: its text, its screen, its end. The shell's marks tell when it begins and
ends; text between the prompt and the beginning is the echo of typing, which the chat shows as the header instead.

```
            prompt mark A                begin(command)          mark C            mark D
  UNKNOWN ───────────────▶ PROMPT ─────────────────────▶ TYPED ─────────▶ RUNNING ────────▶ PROMPT
     └── begin() ──▶ TYPED (a shell that was found running: no mark was seen yet)
  TYPED ── mark D ──▶ PROMPT   (empty line, comment, syntax error: the shell ran nothing)
  TYPED ── mark A ──▶ TYPED    (the shell wants the rest of the line: `> `)
```
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.terminal.answers import answer
from bot.terminal.budget import Bucket
from bot.terminal.exits import ShellExit
from bot.terminal.marks import (
    AlternateScreen,
    CommandEnd,
    CommandStart,
    Event,
    InputStart,
    Marks,
    Output,
    PasteMode,
    PromptStart,
    Query,
)
from bot.terminal.recording import Recording
from bot.terminal.run import Run
from bot.terminal.screen import LINE_SIZE, Screen, Size

_ANSWERS_PER_SECOND: Final = 20.0
"""Answers to terminal queries. busybox's shell asks once a prompt, vim five times at its start; more is a flood."""

_PROMPT: Final = b"$ "
"""What stands before the echo, so that it wraps where the shell expects it to."""


class Phase(StrEnum):
    """Where the shell is."""

    UNKNOWN = "unknown"
    PROMPT = "prompt"
    TYPED = "typed"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class PromptSeen:
    """The shell waits for the next line."""


@dataclass(frozen=True, slots=True)
class CommandStarted:
    run: Run


@dataclass(frozen=True, slots=True)
class CommandEnded:
    """`run.exit` is set, and its screen will not change any more."""

    run: Run


@dataclass(frozen=True, slots=True)
class ScreenChanged:
    run: Run


@dataclass(frozen=True, slots=True)
class AlternateChanged:
    """A full-screen program took over or gave back: time for another pty size and other keys."""

    run: Run
    on: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes that the pty must get: the answer to a program's question about the terminal."""

    data: bytes


Happening = PromptSeen | CommandStarted | CommandEnded | ScreenChanged | AlternateChanged | Reply


class Terminal:
    """The state of one pty. `now` is any clock in seconds that does not go back."""

    def __init__(self, size: Size = LINE_SIZE, recording: Recording | None = None) -> None:
        """`recording`: the one to go on with, of an earlier pty of the same lab."""
        self.size = size
        self.recording = recording or Recording(size)
        self.phase = Phase.UNKNOWN
        self.run: Run | None = None
        self.paste_mode = False
        self._doubted = False
        self._line = Screen(size)
        """What stands at the prompt: the text of a line that nobody announced."""
        self._marks = Marks()
        self._answers = Bucket(rate=_ANSWERS_PER_SECOND, capacity=_ANSWERS_PER_SECOND)

    @property
    def busy(self) -> bool:
        """Whether what is written now goes to a program and not to the shell's prompt."""
        return self.run is not None and not self.run.over

    def begin(self, command: str, now: float) -> Run:
        """The caller is about to write this line at the prompt (or at what will be one, while the shell starts)."""
        self.run = Run(command, self.size, now)
        self.run.screen.feed(_PROMPT)
        self.recording.begin()
        self.phase = Phase.TYPED
        return self.run

    def doubt(self) -> None:
        """The engine was away: the line may never have reached the shell. Its next prompt (another size makes it draw
        one) tells; what was cut off while it ran is told by `_prompt` in any case."""
        self._doubted = self.phase is Phase.TYPED

    def resize(self, size: Size, now: float) -> None:
        """The caller has given the pty this size."""
        self.size = size
        self.recording.resize(size, now)
        if self.run is not None and not self.run.over:
            self.run.screen.resize(size)

    def feed(self, data: bytes, now: float) -> tuple[Happening, ...]:
        """What these bytes mean, in order; one `ScreenChanged` at most for each stretch of output."""
        happenings: list[Happening] = []
        for event in self._marks.feed(data):
            happenings.extend(self._take(event, now))
        return tuple(happenings)

    def close(self, now: float) -> tuple[Happening, ...]:
        """The pty is gone: a running command has ended, and nobody knows how."""
        self.phase = Phase.UNKNOWN
        return self._end(None, now)

    def _take(self, event: Event, now: float) -> tuple[Happening, ...]:
        match event:
            case Output(data):
                self.recording.output(data, now)
                return self._draw(data, now)
            case CommandStart():
                return self._start(now)
            case CommandEnd(code):
                return self._end(code, now)
            case PromptStart():
                return self._prompt(now)
            case InputStart():
                return self._found_at_prompt(now)
            case AlternateScreen(on):
                return self._switch(on)
            case PasteMode(on):
                self.paste_mode = on
            case Query(question):
                if self.run is not None and self.busy and self._answers.take(now):
                    return (Reply(answer(question, self.run.screen)),)
        return ()

    def _draw(self, data: bytes, now: float) -> tuple[Happening, ...]:
        if self.run is None or self.run.over:
            if self.phase is Phase.PROMPT:
                self._line.feed(data)
            return ()
        self.run.screen.feed(data)
        self.run.changed = now
        return (ScreenChanged(self.run),)

    def _start(self, now: float) -> tuple[Happening, ...]:
        run = self.run
        if run is None or run.over:  # a line that somebody else typed, or one left over in the pty
            run = self.begin("\n".join(self._line.lines()).removeprefix("$").strip(), now)
            run.left_over = True
        self.phase = Phase.RUNNING
        if run.started is not None:  # the next command of the same text
            return ()
        run.screen = Screen(self.size)
        run.started = run.changed = now
        return (CommandStarted(run),)

    def _prompt(self, now: float) -> tuple[Happening, ...]:
        """Without a mark D before it a prompt is the shell's first, or `> ` for the rest of a line; while a program
        runs it means that the shell was replaced (`exec bash`)."""
        if self.phase is Phase.TYPED and self.busy:
            return ()
        ended = self._end(None, now)
        self.phase = Phase.PROMPT
        self._line = Screen(self.size)
        return (*ended, PromptSeen())

    def _found_at_prompt(self, now: float) -> tuple[Happening, ...]:
        """A prompt for a new line (not `> `, for the rest of one) where a command was typed: it did not arrive."""
        run = self.run
        if not self._doubted or self.phase is not Phase.TYPED or run is None or run.over:
            return ()
        lines = run.screen.lines()
        if not lines or lines[-1].strip() != _PROMPT.decode().strip():
            return ()
        self._doubted = False
        self.phase = Phase.PROMPT
        self._line = Screen(self.size)
        return (*self._end(None, now), PromptSeen())

    def _end(self, code: int | None, now: float) -> tuple[Happening, ...]:
        self.paste_mode = False  # A program that was killed leaves it on; whoever wants it asks for it.
        run = self.run
        if run is None or run.over:
            return ()
        run.exit = ShellExit(code, now - (run.began if run.started is None else run.started))
        alternate = self._switch(False)
        return (*alternate, CommandEnded(run))

    def _switch(self, on: bool) -> tuple[Happening, ...]:
        run = self.run
        if run is None or run.screen.alternate == on:
            return ()
        run.keys_chosen = False
        run.screen.switch(on)
        return (AlternateChanged(run, on),)
