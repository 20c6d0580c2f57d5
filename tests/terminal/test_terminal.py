"""The state of one pty: when commands begin, wait and end, and what of their bytes is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.terminal.exits import ShellExit
from bot.terminal.run import DEAF, QUIET, WAIT_QUIET, Run
from bot.terminal.screen import PHONE_SIZE
from bot.terminal.terminal import (
    AlternateChanged,
    CommandEnded,
    CommandStarted,
    Happening,
    Phase,
    PromptSeen,
    Reply,
    ScreenChanged,
    Terminal,
)

PROMPT = b"\x1b]133;A\x07$ \x1b]133;B\x07"
START = b"\x1b]133;C\x07"
LATE = 1000.0


def end(code: int) -> bytes:
    """What the shell writes after a command, next prompt included."""
    return b"\x1b]133;D;%d\x07" % code + PROMPT


def at_prompt() -> Terminal:
    """A terminal whose shell has printed its first prompt."""
    terminal = Terminal()
    assert terminal.feed(PROMPT, 0) == (PromptSeen(),)
    return terminal


def running(command: str, output: bytes, now: float = 10) -> tuple[Terminal, Run]:
    """A command that has begun at `now` and written this."""
    terminal = at_prompt()
    run = terminal.begin(command, now)
    terminal.feed(command.replace("\n", "\r\n\r").encode() + b"\r\n" + START + output, now)
    return terminal, run


def names(happenings: tuple[Happening, ...]) -> list[str]:
    return [type(happening).__name__ for happening in happenings]


def test_a_command_starts_writes_and_ends() -> None:
    """The happenings come in the stream's order; the exit has the code and the seconds since the start."""
    terminal = at_prompt()
    run = terminal.begin("ls", 1)
    assert terminal.busy
    assert names(terminal.feed(b"ls\r\n" + START + b"bin\r\n", 2)) == [
        "ScreenChanged",
        "CommandStarted",
        "ScreenChanged",
    ]
    assert terminal.feed(end(3), 4.5) == (CommandEnded(run), PromptSeen())
    assert run.exit == ShellExit(3, 2.5)
    assert run.lines() == ("bin",)
    assert terminal.phase is Phase.PROMPT and not terminal.busy


def test_a_line_that_nobody_announced_is_a_run_of_its_own() -> None:
    """Sent to a program that did not read it: the shell runs it, and its text is what stood at the prompt."""
    terminal, _ = running("sleep 1", b"echo two\r\n")
    happenings = terminal.feed(end(0) + b"echo two\r\n" + START + b"two\r\n" + end(0), 12)
    assert names(happenings)[-4:] == ["CommandStarted", "ScreenChanged", "CommandEnded", "PromptSeen"]
    left = terminal.run
    assert left is not None and left.left_over
    assert (left.command, left.lines()) == ("echo two", ("two",))


def test_the_echo_of_the_command_is_not_in_its_output() -> None:
    """The header shows the command; the body begins with the program's first byte, however long the echo was."""
    command = "echo " + "x" * 200
    _, run = running(command, b"out\r\n")
    assert run.lines() == ("out",)


def test_a_text_of_several_lines_is_one_run() -> None:
    """Each command in it is marked as started, but only the last prompt ends the run; no output is lost."""
    terminal, run = running("echo a\necho b", b"a\r\n" + START + b"b\r\n")
    assert terminal.feed(end(0), 11) == (CommandEnded(run), PromptSeen())
    assert run.lines() == ("a", "b")


def test_a_syntax_error_is_shown_though_nothing_ran() -> None:
    """Without a start mark the text after the echo is the output."""
    terminal = at_prompt()
    run = terminal.begin("echo )", 1)
    terminal.feed(b"echo )\r\nbash: syntax error near unexpected token `)'\r\n" + end(2), 1.1)
    assert run.lines() == ("bash: syntax error near unexpected token `)'",)
    assert run.exit is not None and run.exit.code == 2


def test_an_unfinished_line_waits_for_its_rest() -> None:
    """`> ` is shown as waiting, its own prompt marks do not end the run, and the rest starts it."""
    terminal = at_prompt()
    run = terminal.begin("cat <<E", 1)
    assert names(terminal.feed(b"cat <<E\r\n" + PROMPT.replace(b"$", b">"), 1)) == ["ScreenChanged"] * 2
    assert run.waits(1 + WAIT_QUIET) and run.lines() == (">",)
    terminal.feed(b"x\r\nE\r\n" + START + b"x\r\n" + end(0), 3)
    assert run.exit == ShellExit(0, 0) and run.lines() == ("x",)


def test_a_line_begun_while_the_shell_starts_is_not_ended_by_its_first_prompt() -> None:
    """The first prompt has no end mark before it."""
    terminal = Terminal()
    run = terminal.begin("ls", 0)
    terminal.feed(b"ls\r\n" + PROMPT + b"ls\r\n" + START + b"bin\r\n" + end(0), 1)
    assert run.lines() == ("bin",) and run.over


def test_a_program_behind_a_prompt_waits() -> None:
    """Quiet with the cursor behind a text means that it is the learner's turn."""
    _, run = running("docker run -it diamol/base", b"/ # ", now=10)
    assert not run.waits(10 + WAIT_QUIET / 2)
    assert run.waits(10 + WAIT_QUIET)
    assert run.waits_from() == 10 + WAIT_QUIET


@pytest.mark.parametrize("output", [b"", b"working\r\n", b"progress 1%\r"])
def test_a_program_that_left_the_cursor_at_the_margin_works(output: bytes) -> None:
    """Silence after a whole line, or after a progress line, is work."""
    _, run = running("sleep 9", output)
    assert not run.waits(LATE) and run.waits_from() is None


def test_a_program_that_prints_nothing_may_read() -> None:
    """`cat` and a long computation look alike: neither is said to wait, and both are quiet after a while."""
    _, run = running("cat", b"")
    assert run.looks_different_from() == run.changed + QUIET
    assert not run.quiet(run.changed + QUIET - 0.1) and run.quiet(run.changed + QUIET)
    assert not run.waits(LATE)


@pytest.mark.parametrize("text", ["Downloading...", "12 %", "기다리는 중…", "^C"])
def test_a_line_of_progress_is_no_prompt(text: str) -> None:
    """It ends without a line feed as a prompt does, and nobody is asked anything."""
    _, run = running("work", text.encode())
    assert not run.waits(LATE) and run.quiet(LATE)


def test_a_command_that_has_ended_does_not_wait() -> None:
    """`printf x` leaves the cursor behind its text, too."""
    terminal, run = running("printf x", b"x")
    terminal.feed(end(0), 11)
    assert not run.waits(LATE)


def test_a_new_program_asking_the_terminal_gets_its_answer() -> None:
    """The cursor's place, counted from 1, goes back to the pty."""
    terminal, _ = running("sh", b"/ # ")
    assert terminal.feed(b"\x1b[6n", 11) == (Reply(b"\x1b[1;5R"),)


def test_a_flood_of_questions_gets_few_answers() -> None:
    """Ten thousand questions in one second cannot fill the pty."""
    terminal, _ = running("cat garbage", b"")
    replies = [h for h in terminal.feed(b"\x1b[c" * 10_000, 11) if isinstance(h, Reply)]
    assert 0 < len(replies) <= 20


def test_the_prompt_asks_nobody() -> None:
    """At the shell's prompt no answer is sent: it would be typed into the next command."""
    assert at_prompt().feed(b"\x1b[c", 1) == ()


def test_a_full_screen_program_is_noticed_once_when_it_comes_and_goes() -> None:
    """The caller changes the pty's size on these; saying it twice changes nothing."""
    terminal, run = running("vi", b"")
    first = terminal.feed(b"\x1b[?1049h\x1b[?1049h\x1b[Hhello", 11)
    assert [h for h in first if isinstance(h, AlternateChanged)] == [AlternateChanged(run, True)]
    terminal.resize(PHONE_SIZE, 11)
    assert run.screen.size == PHONE_SIZE
    assert run.waits(LATE)
    assert AlternateChanged(run, False) in terminal.feed(b"\x1b[?1049l", 12)


def test_a_program_that_dies_in_full_screen_gives_the_screen_back() -> None:
    """A killed vi does not leave the chat in keypad mode."""
    terminal, run = running("vi", b"\x1b[?1049h")
    assert terminal.feed(end(137), 12)[:2] == (AlternateChanged(run, False), CommandEnded(run))


def test_a_pty_that_goes_away_ends_the_command() -> None:
    """Nobody saw the exit code: it is None, and the terminal is free for the next shell."""
    terminal, run = running("sleep 100", b"")
    assert terminal.close(15) == (CommandEnded(run),)
    assert run.exit == ShellExit(None, 5) and not terminal.busy


def test_a_command_nobody_began_is_followed_too() -> None:
    """What another member typed, or what was left in the pty, gets a run without a text."""
    terminal = at_prompt()
    started = terminal.feed(START + b"hi\r\n", 1)
    assert isinstance(started[0], CommandStarted)
    assert started[0].run.command == "" and started[0].run.lines() == ("hi",)


@given(
    st.lists(st.sampled_from([PROMPT, START, end(0), b"\x1b[?1049h", b"\x1b[c"]) | st.binary(max_size=8), max_size=30)
)
def test_any_stream_ends_what_it_starts(chunks: list[bytes]) -> None:
    """Starts and ends alternate, whatever the program writes, and a run that has ended does not change."""
    terminal, opened, ended = Terminal(), 0, set[Run]()
    for now, chunk in enumerate(chunks):
        for happening in terminal.feed(chunk, now):
            if isinstance(happening, CommandStarted):
                opened += 1
            elif isinstance(happening, CommandEnded):
                opened -= 1
                ended.add(happening.run)
            elif isinstance(happening, ScreenChanged):
                assert happening.run not in ended
            assert opened in (0, 1)
    terminal.close(LATE)
    assert not terminal.busy


def test_a_program_that_goes_on_after_ctrl_c_is_deaf() -> None:
    """Not one that has come back to a prompt, and not before it had the time to tidy up."""
    terminal, run = running("docker run diamol/base sleep 9", b"")
    run.interrupted = 20
    assert not run.deaf(20 + DEAF - 0.1) and run.deaf(20 + DEAF)
    terminal.feed(b"^C\r\n>>> ", 21)
    assert not run.deaf(LATE)


def test_paste_mode_does_not_outlive_its_program() -> None:
    """One that was killed has not switched it off: the next one would see the brackets as keys."""
    terminal, _ = running("python", b"\x1b[?2004h>>> ")
    assert terminal.paste_mode
    terminal.feed(end(137), 11)
    assert not terminal.paste_mode
