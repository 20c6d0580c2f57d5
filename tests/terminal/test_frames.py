"""The message that shows a command: what fits, what is cut, what can never be in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.richtext import RichText, marked, units
from bot.terminal.frames import (
    CURSOR,
    MAX_COMMAND_UNITS,
    MAX_LINE_UNITS,
    MAX_LINES,
    MAX_MESSAGE_UNITS,
    Frame,
    FrameState,
    compose,
    frame,
    glance,
)
from bot.terminal.run import WAIT_QUIET, Run
from bot.terminal.terminal import Terminal

PROMPT = b"\x1b]133;A\x07$ \x1b]133;B\x07"
FOOTER = RichText("✓ 1.2초")
NOT_ASCII = st.text(st.characters(min_codepoint=0x80) | st.sampled_from("👩‍💻🇰🇷é\u0301\u202e\u200b가"), max_size=3000)


def above(count: int) -> str:
    return f"… {count}줄 위에"


def running(command: str, output: bytes) -> Run:
    terminal = Terminal()
    terminal.feed(PROMPT, 0)
    run = terminal.begin(command, 0)
    terminal.feed(command.encode() + b"\r\n\x1b]133;C\x07" + output, 0)
    return run


def stretch(text: RichText, kind: str) -> str | None:
    """What the first entity of this kind covers."""
    data = text.text.encode("utf-16-le")
    for entity in text.entities:
        if entity.kind == kind:
            return data[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")
    return None


def shown(run: Run, now: float = 0) -> Frame:
    return frame(run, now, above=above, footer=FOOTER)


def test_a_frame_is_command_output_and_footer() -> None:
    """The command alone can be copied, the output is one block, the footer is the caller's."""
    text = shown(running("ls", b"bin\r\nusr\r\n")).text
    assert text.text == "$ ls\nbin\nusr\n✓ 1.2초"
    assert stretch(text, "code") == "ls" and stretch(text, "pre") == "bin\nusr"
    assert [entity.kind for entity in text.entities] == ["code", "pre"]


def test_who_ran_it_stands_before_the_command() -> None:
    """In a group the heading keeps its own entities."""
    text = frame(running("ls", b""), 0, above=above, heading=marked("bold", "하늘") + ": ").text
    assert text.text == "하늘: $ ls" and stretch(text, "bold") == "하늘" and stretch(text, "code") == "ls"


def test_a_waiting_program_shows_its_cursor() -> None:
    """`/ # ▌`: the learner sees where the next message goes."""
    picture = shown(running("docker run -it diamol/base", b"/ # "), WAIT_QUIET)
    assert picture.state is FrameState.WAITING
    assert stretch(picture.text, "pre") == f"/ # {CURSOR}"


def test_only_the_last_lines_are_shown_and_the_others_counted() -> None:
    """The message is about a phone screen; what is above is said in the caller's words."""
    picture = shown(running("seq 5000", "".join(f"{n}\r\n" for n in range(1, 5001)).encode()))
    body = stretch(picture.text, "pre")
    assert body is not None and body.splitlines() == [str(n) for n in range(5001 - MAX_LINES, 5001)]
    assert picture.hidden == 5000 - MAX_LINES
    assert above(picture.hidden) in picture.text.text


def test_a_long_line_leaves_room_for_others() -> None:
    """One line of base64 keeps its beginning and its end."""
    body = stretch(shown(running("x", b"before\r\nA" + b"x" * 5000 + b"Z\r\nafter")).text, "pre")
    assert body is not None
    before, long, after = body.splitlines()
    assert (before, after) == ("before", "after")
    assert long[0] == "A" and long[-1] == "Z" and "…" in long and units(long) <= MAX_LINE_UNITS


def test_a_full_screen_program_shows_its_rows() -> None:
    """Rows as they are, blanks at their beginning included."""
    picture = shown(running("vi", b"\x1b[?1049h\x1b[2J\x1b[2;3Hhi"))
    assert stretch(picture.text, "pre") == f"\n  hi{CURSOR}"
    assert glance(running("vi", b"\x1b[?1049h"), 0).by_keys


@pytest.mark.parametrize(
    ("output", "row"),
    [
        (b"abc\x1b[2D", "ab\u0332c"),
        ("가나".encode() + b"\x1b[3D", "가\u0332나"),
        (b"a\x1b[5C", "a     " + CURSOR),
        (b"\x1b[?25lab", "ab"),
        (b"x" * 79 + b"y", "x" * 79 + "y\u0332"),
    ],
)
def test_the_cursor_is_seen_where_it_stands(output: bytes, row: str) -> None:
    """On a blank it is a bar, under a character a line; no other character moves, and a hidden one is not shown."""
    assert stretch(shown(running("vi", b"\x1b[?1049h\x1b[H" + output)).text, "pre") == row


def test_single_keys_may_be_chosen_for_a_program_that_reads_lines() -> None:
    """`top` of busybox never takes the whole screen; the learner may, and then sees all of it."""
    run = running("top", b"\x1b[H\x1b[JMem\r\n\x1b[7mPID\x1b[m\r\n")
    run.keys_chosen = True
    assert glance(run, 0).by_keys
    assert stretch(shown(run).text, "pre") == "Mem\nPID\n" + CURSOR


def test_empty_lines_at_the_beginning_are_left_out() -> None:
    """The header already sets the output off; a line that is not empty keeps its blanks."""
    picture = shown(running("sh", b"\r\n  \r\n  a\r\n\r\nb\r\n"))
    assert stretch(picture.text, "pre") == "  a\n\nb" and picture.hidden == 0


def test_a_command_of_many_lines_is_cut_in_the_header() -> None:
    """A pasted script stands in the learner's own message; its header is short."""
    text, _ = compose("\n".join(["echo " + "가" * 200] * 50), (), above=above)
    code = stretch(text, "code")
    assert code is not None and units(code) <= MAX_COMMAND_UNITS


@given(NOT_ASCII, st.lists(NOT_ASCII, max_size=40), st.integers(0, 10**9))
def test_any_output_makes_a_message_that_telegram_takes(command: str, lines: list[str], gone: int) -> None:
    """Within the limit, valid UTF-16, entities inside the text, sorted, none empty, none overlapping."""
    text, kept = compose(command, lines, gone=gone, above=above, footer=FOOTER)
    assert text.units <= MAX_MESSAGE_UNITS and 0 <= kept <= MAX_LINES
    text.text.encode("utf-16-le")
    assert text.text == text.text.strip("\n")
    end = 0
    for entity in text.entities:
        assert entity.kind in {"code", "pre"} and entity.length > 0
        assert end <= entity.offset and entity.offset + entity.length <= text.units
        end = entity.offset + entity.length


@pytest.mark.parametrize(
    "evil", ["@someone", "https://evil.example", "/start", "<b>", "*x*", "[a](http://b)", "`", "$" * 50]
)
def test_output_is_never_markup(evil: str) -> None:
    """Whatever is printed lies inside the `pre` entity, where no client looks for links, mentions or commands."""
    text = shown(running("cat", evil.encode() + b"\r\n")).text
    assert stretch(text, "pre") == evil
    assert {entity.kind for entity in text.entities} == {"code", "pre"}


def test_equal_screens_make_equal_frames() -> None:
    """An unchanged frame need not be sent."""
    assert shown(running("ls", b"a\r\n")) == shown(running("ls", b"b\x1b[D\x1b[31ma\r\n"))


@pytest.mark.parametrize(
    ("output", "at_shell"), [(b"/ # ", True), (b"bash-5.2$ ", True), (b">>> ", False), (b"mysql> ", False)]
)
def test_a_shell_is_told_from_other_programs_that_wait(output: bytes, at_shell: bool) -> None:
    """By its prompt's last character."""
    look = glance(running("docker exec -it box sh", output), WAIT_QUIET)
    assert look.state is FrameState.WAITING and (look.at_shell, look.unfinished) == (at_shell, False)
