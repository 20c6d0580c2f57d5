"""What a terminal message shows: the command, the end of its output, and a footer in the caller's words.

```
👥 하늘: $ docker container ls      heading (caller) + "$ " + code
CONTAINER ID   IMAGE   …             pre, at most MAX_LINES lines
✓ 1.2초                              footer (caller)
```

The command stands alone in a `code` entity, so that a tap copies it; the output is one `pre` entity. Telegram looks for
no mentions, links or commands inside either, and markup is never parsed: nothing a program writes can become any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.richtext import RichText, joined, marked
from bot.terminal.exits import ShellExit
from bot.terminal.plain import plain, shortened
from bot.terminal.progress import short_progress
from bot.terminal.run import Run

MAX_LINES: Final = 30
"""Lines of output in a message: about one phone screen, so that the footer and the buttons stay in sight."""

MAX_MESSAGE_UNITS: Final = 3900
"""Room below Telegram's 4,096 for what a caller may still add, such as a note of one line."""

MAX_LINE_UNITS: Final = 700
"""A line of JSON or base64 may not push all others out; fourteen rows on a phone."""

MAX_COMMAND_UNITS: Final = 500
"""The header of a long text; it stands in the learner's own message above."""

MAX_COMMAND_LINES: Final = 6

_NONE: Final = RichText()

CURSOR: Final = "▌"

_LANGUAGE: Final = "console"
"""Some clients set a `pre` in a fixed width only when it names a language."""


_ELLIPSIS: Final = "…"
_NOTE_ROOM: Final = 80
"""Units for the words of `above`."""


class FrameState(StrEnum):
    """How the command is, which decides about footer and buttons."""

    RUNNING = "running"
    WAITING = "waiting"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Glance:
    """What the caller needs to word the footer and to choose the buttons."""

    state: FrameState
    exit: ShellExit | None
    by_keys: bool
    quiet: bool = False
    """It runs, and has printed nothing for a while: what is sent is its input, if it reads any."""
    deaf: bool = False
    """It goes on though Ctrl-C was pressed."""
    at_shell: bool = False
    """It waits, and looks like a shell that takes `exit`."""
    unfinished: bool = False
    """It waits, because the lab's own shell wants the rest of the command."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A message's text, complete. Equal frames look the same, so that the second need not be sent."""

    text: RichText
    state: FrameState
    hidden: int
    """Lines above those shown: when there are any, the whole output is worth offering as a document."""


def glance(run: Run, now: float) -> Glance:
    """The run at this moment."""
    if run.exit is not None:
        return Glance(FrameState.ENDED, run.exit, by_keys=False)
    waits = run.waits(now)
    return Glance(
        FrameState.WAITING if waits else FrameState.RUNNING,
        None,
        run.by_keys,
        quiet=run.quiet(now),
        deaf=run.deaf(now),
        at_shell=waits and run.at_shell_prompt,
        unfinished=waits and run.unfinished,
    )


def frame(
    run: Run,
    now: float,
    *,
    above: Callable[[int], str],
    footer: RichText = _NONE,
    heading: RichText = _NONE,
) -> Frame:
    """The run's message now. `above` words how many lines are not shown ("… 12 lines above")."""
    state = glance(run, now).state
    lines = shown_lines(run, waiting=state is FrameState.WAITING)
    text, shown = compose(run.command, lines, gone=run.lines_gone, above=above, footer=footer, heading=heading)
    return Frame(text, state, run.lines_gone + len(lines) - shown)


def shown_lines(run: Run, *, waiting: bool) -> tuple[str, ...]:
    """The output's lines; with the cursor behind the last one when the program waits there."""
    if run.by_keys:
        return _without_empty_end(run.screen.view(cursor=CURSOR))
    lines = run.lines() if run.lines_gone else _without_empty_beginning(run.lines())
    if not run.over:  # What stays in the end is what docker has written.
        lines = (*lines[:-MAX_LINES], *map(short_progress, lines[-MAX_LINES:]))
    gap = run.screen.gap_before_cursor() if waiting else None
    if gap is None or not lines:
        return lines
    return (*lines[:-1], lines[-1] + " " * gap + CURSOR)


def compose(
    command: str,
    lines: Sequence[str],
    *,
    above: Callable[[int], str],
    gone: int = 0,
    footer: RichText = _NONE,
    heading: RichText = _NONE,
) -> tuple[RichText, int]:
    """The text, and how many of `lines` are in it: the last ones that fit. `gone`: lines older than these."""
    head = joined([heading, "$ ", marked("code", _short_command(command) or _ELLIPSIS), "\n"])
    foot = RichText("\n") + footer if footer.text else RichText()
    room = MAX_MESSAGE_UNITS - head.units - foot.units - _NOTE_ROOM
    kept = _last_lines([shortened(plain(line), MAX_LINE_UNITS) for line in lines[-MAX_LINES:]], room)
    hidden = gone + len(lines) - len(kept)
    note = (above(hidden)[:_NOTE_ROOM] + "\n") if hidden else ""
    body = marked("pre", "\n".join(kept), language=_LANGUAGE) if any(kept) else RichText()
    return _without_last_break(joined([head, note, body, foot if body.text else footer])), len(kept)


def _short_command(command: str) -> str:
    """The command's first lines, without what cannot be seen."""
    lines = [plain(line) for line in command.strip().splitlines()]
    cut = [*lines[:MAX_COMMAND_LINES], _ELLIPSIS] if len(lines) > MAX_COMMAND_LINES else lines
    return shortened("\n".join(cut), MAX_COMMAND_UNITS)


def _last_lines(lines: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in reversed(_without_empty_end(lines)):
        room -= RichText(line).units + 1
        if room < 0:
            break
        kept.insert(0, line)
    return kept


def _without_empty_end(lines: Sequence[str]) -> tuple[str, ...]:
    end = len(lines)
    while end and not lines[end - 1]:
        end -= 1
    return tuple(lines[:end])


def _without_empty_beginning(lines: Sequence[str]) -> tuple[str, ...]:
    """Some programs begin with empty lines to set themselves off from the prompt; here the header does that."""
    start = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    return tuple(lines[start:])


def _without_last_break(text: RichText) -> RichText:
    """Telegram trims a message's end; so do we, so that what was sent compares equal with what is shown."""
    return RichText(text.text.rstrip("\n"), text.entities) if text.text.endswith("\n") else text
