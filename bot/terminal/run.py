"""One line that was sent to the shell: what it prints, whether it waits for input, how it ended."""

from __future__ import annotations

from typing import Final

from bot.terminal.exits import ShellExit
from bot.terminal.screen import Screen, Size

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
