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
from bot.terminal.screen import LINE_SIZE, Screen, Size

WAIT_QUIET: Final = 0.7
"""Seconds without output after which a half-written line is taken for a prompt: longer than the pauses within a
program's own output, shorter than the time in which one wonders what to do."""

QUIET: Final = 3.0
"""Seconds without output after which a program may be one that reads without a prompt (`cat`), or one that computes:
nobody can see which, but that its input is taken can be said. Most commands have ended or printed something by then."""

DEAF: Final = 2.5
"""Seconds after which Ctrl-C has done nothing: web servers tidy up within one or two."""

_NO_PROMPT: Final = (".", "…", "%", "^C")
"""How a line ends that is no prompt: `Downloading...`, `12 %`, the echo of a Ctrl-C that changed nothing."""

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


class Run:
    """One line that was sent to the shell, its screen, and its end once it has come."""

    def __init__(self, command: str, size: Size, now: float) -> None:
        self.command = command
        self.began = now
        self.started: float | None = None
        self.exit: ShellExit | None = None
        self.screen = Screen(size)
        self.changed = now
        self.left_over = False
        """Nobody announced it: an earlier program had not read the line, and the shell ran it."""
        self.keys_chosen = False
        """The learner wants to press single keys, though the program did not take the whole screen."""
        self.interrupted: float | None = None
        """When Ctrl-C was pressed, if nothing else was typed since."""

    @property
    def by_keys(self) -> bool:
        """Whether what is typed goes to the program as single keys, without an Enter, and the whole screen is shown."""
        return not self.over and (self.screen.alternate or self.keys_chosen)

    @property
    def over(self) -> bool:
        return self.exit is not None

    def waits(self, now: float) -> bool:
        """Whether the program probably waits for input: nothing came for `WAIT_QUIET` seconds and the cursor stands
        behind a text without a line feed (`/ # `, `Password: `, `>>> `), or it has the whole screen.

        A program that reads without a prompt (`cat`) cannot be told from one that computes: `quiet`.
        """
        if self.over or now < self.changed + WAIT_QUIET:
            return False
        if self.by_keys:
            return True
        if self.started is None and not self.lines():  # the shell has not even read the line
            return False
        if self.screen.cursor.column == 0 or self.screen.gap_before_cursor() is None:
            return False
        lines = self.lines()
        return not (lines and lines[-1].rstrip().endswith(_NO_PROMPT))

    def quiet(self, now: float) -> bool:
        """Whether a program has printed nothing for `QUIET` seconds and nothing shows that it waits for input."""
        return not self.over and self.started is not None and now >= self.changed + QUIET and not self.waits(now)

    def deaf(self, now: float) -> bool:
        """Whether a program goes on `DEAF` seconds after Ctrl-C, and does not wait for input either."""
        pressed = self.interrupted is not None and now >= self.interrupted + DEAF
        return pressed and not self.over and not self.by_keys and not self.waits(now)

    @property
    def at_shell_prompt(self) -> bool:
        """Whether the last line ends as a shell's prompt does, so that what is typed is a command there."""
        lines = () if self.by_keys else self.lines()
        return bool(lines) and lines[-1].rstrip().endswith(("#", "$"))

    @property
    def unfinished(self) -> bool:
        """Whether the lab's own shell has shown its `> `: it wants the rest of the line before it runs anything."""
        return not self.over and self.started is None and bool(self.lines())

    def waits_from(self) -> float | None:
        """When `waits` becomes true if nothing more is written; None when it will not."""
        then = self.changed + WAIT_QUIET
        return then if self.waits(then) else None

    def looks_different_from(self) -> float | None:
        """When `waits` or else `quiet` becomes true if nothing more is written; None when neither will."""
        then = self.changed + QUIET
        return self.waits_from() or (then if self.quiet(then) else None)

    def lines(self) -> tuple[str, ...]:
        """What the message shows, oldest line first. Before the command's start that is what follows its echo: the
        shell's `> ` when it wants the rest of the line, or its complaint about the line."""
        lines = self.screen.lines()
        return lines if self.started is not None else lines[self.command.count("\n") + 1 :]

    @property
    def lines_gone(self) -> int:
        """How many lines are older than those of `lines()`."""
        return self.screen.log.lines


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

    def __init__(self, size: Size = LINE_SIZE) -> None:
        self.size = size
        self.recording = Recording(size)
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
