"""How a command looks in the chat: its frame, the footer in words, and the buttons for what it can take now."""

from __future__ import annotations

from bot.chat.durations import took
from bot.chat.keypad import Pad, WayOut, key_rows, line_rows
from bot.chat.message import Button, Outgoing, Rows, button, rows
from bot.chat.texts import Words
from bot.richtext import RichText
from bot.terminal.attached import can_detach, follows_container
from bot.terminal.exits import ShellExit
from bot.terminal.frames import Frame, FrameState, Glance, compose, frame, glance
from bot.terminal.run import Run
from bot.terminal.tables import is_wide

STOPPED = "terminal.stopped"
"""What has ended a run when the bot itself stops."""


def running_view(
    words: Words,
    run: Run,
    now: float,
    *,
    pad: Pad = Pad.KEYS,
    heading: str = "",
    shared: bool = False,
    demo: bool = False,
    cut: str | None = None,
    onward: Button | None = None,
) -> Outgoing:
    """The run's message at this moment.

    `shared`: in a group, where only an answer to this message is the program's input; `demo`: nothing is.
    `cut` is the key of what has ended it, if that was not the command itself; `onward` a command to go on with.
    """
    look = glance(run, now)
    shown = frame(
        run,
        now,
        above=lambda count: words("terminal.above", n=count),
        footer=RichText(words(cut) if cut else _footer(words, run, look, shared, demo)),
        heading=RichText(heading),
    )
    # A bot that stops remembers no output: buttons would lead nowhere.
    if cut == STOPPED:
        return Outgoing(shown.text)
    going_on = () if look.by_keys or look.state is FrameState.RUNNING else rows((onward,))
    return Outgoing(shown.text, (*going_on, *_buttons(words, run, look, shown, None if demo else pad)))


def still_view(words: Words, command: str, said: str, *, heading: str = "", again: bool = False) -> Outgoing:
    """A command that does not run: its lab is being opened, or could not be."""
    text, _ = compose(command, (), above=lambda count: "", footer=RichText(said), heading=RichText(heading))
    return Outgoing(text, rows((button(words("terminal.again"), "again"),)) if again else ())


def _must_be_stopped(run: Run, look: Glance) -> bool:
    """A container's first process is deaf to Ctrl-C unless it asks for it (signal(7), pid_namespaces(7))."""
    return look.deaf and follows_container(run.command)


def _footer(words: Words, run: Run, look: Glance, shared: bool, demo: bool) -> str:
    if look.exit is not None:
        return _end(words, look.exit)
    how = "_by_reply" if shared else ""
    if look.by_keys and not demo:
        return words(f"terminal.by_keys{how}")
    if _must_be_stopped(run, look):
        return words("terminal.running") + "\n" + words("terminal.deaf")
    if demo:
        return words("terminal.running")
    if look.quiet:
        return words("terminal.running") + "\n" + words(f"terminal.input{how}")
    if look.unfinished:
        return words(f"terminal.unfinished{how}")
    return words(f"terminal.waiting{how}" if look.state is FrameState.WAITING else "terminal.running")


def _end(words: Words, end: ShellExit) -> str:
    time = took(words, end.seconds)
    if end.succeeded:
        return words("terminal.ok", time=time)
    if end.code is None:
        return words(end.key)
    return words("terminal.bad", code=end.code, time=time) + "\n" + words(end.key)


def _buttons(words: Words, run: Run, look: Glance, shown: Frame, pad: Pad | None) -> Rows:
    """Those for the program's input only with a `pad`."""
    if look.state is FrameState.ENDED:
        log = button(words("terminal.log"), "log") if shown.hidden else None
        picture = "wide_picture" if is_wide(run) else "picture"
        return rows((button(words("terminal.again"), "again"), button(words(f"terminal.{picture}"), "picture"), log))
    detachable = pad is not None and can_detach(run.command)
    wide = run.started is not None and is_wide(run)  # Before, there is only the command's echo.
    if look.by_keys and pad is not None:
        return key_rows(words, pad, chosen=run.keys_chosen, detachable=detachable)
    deaf = _must_be_stopped(run, look)
    way_out = _way_out(look) if pad is not None else None
    return line_rows(words, way_out, keys=pad is not None, detachable=detachable, wide=wide, deaf=deaf)


def _way_out(look: Glance) -> WayOut | None:
    if look.at_shell:
        return WayOut.EXIT
    reads = look.state is FrameState.WAITING or look.quiet
    return WayOut.END_OF_INPUT if reads and not look.unfinished else None
