"""The scanner of the pty's bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.terminal.marks import (
    CSI_LIMIT,
    STRING_LIMIT,
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
    Question,
    merged,
)

PIECES = st.sampled_from(
    [
        b"\x1b]133;A\x07",
        b"\x1b]133;D;137\x1b\\",
        b"\x1b]0;title\x07",
        b"\x1b]52;c;aGk=\x1b",
        b"\x1bP+q544e\x1b\\",
        b"\x1b[?1049h",
        b"\x1b[?1;47;2004l",
        b"\x1b[31;1m",
        b"\x1b[6n",
        b"\x1b[",
        b"\x1b",
        b"\x1bc",
        b"\x1b(0",
        b"\x1b]" + b"x" * (STRING_LIMIT - 1),
        b"\x1b[" + b"1;" * (CSI_LIMIT // 2),
        "한글".encode(),
        b"\r\n",
        b"\\",
        b"\x18",
    ]
)
STREAMS = st.lists(PIECES | st.binary(max_size=6), max_size=12).map(b"".join)


def scan(*chunks: bytes) -> tuple[Event, ...]:
    """What a new scanner makes of the chunks."""
    marks = Marks()
    return merged([event for chunk in chunks for event in marks.feed(chunk)])


@given(STREAMS, st.data())
def test_the_split_of_the_bytes_does_not_matter(stream: bytes, data: st.DataObject) -> None:
    """Any cut of the stream into chunks gives the same events."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert scan(*chunks) == scan(stream)


@given(st.binary(max_size=300).filter(lambda data: b"\x1b" not in data))
def test_bytes_without_escape_pass_unchanged(data: bytes) -> None:
    """Text, whatever its encoding, is not touched."""
    assert scan(data) == ((Output(data),) if data else ())


def test_a_command_is_marked_from_prompt_to_end() -> None:
    """The four marks come out as events, the text between them as output."""
    stream = b"\x1b]133;A\x07$ \x1b]133;B\x07ls\r\n\x1b]133;C\x07bin\r\n\x1b]133;D;0\x07"
    assert scan(stream) == (
        PromptStart(),
        Output(b"$ "),
        InputStart(),
        Output(b"ls\r\n"),
        CommandStart(),
        Output(b"bin\r\n"),
        CommandEnd(0),
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [(b"D", None), (b"D;", None), (b"D;137", 137), (b"D;1;aid=7", 1), (b"D;x", None), (b"D;9999", None)],
)
def test_an_exit_code_is_a_number_or_none(text: bytes, code: int | None) -> None:
    """A mark with a code that cannot be one still ends the command."""
    assert scan(b"\x1b]133;" + text + b"\x07") == (CommandEnd(code),)


@pytest.mark.parametrize(
    "sequence",
    [b"\x1b]0;title\x07", b"\x1b]52;c;cm0gLXJm\x1b\\", b"\x1bPq#0;2;0\x1b\\", b"\x1b_Ga=T\x1b\\", b"\x1b[8;200;500t"],
)
def test_what_must_not_reach_the_screen_is_swallowed(sequence: bytes) -> None:
    """Titles, clipboard writes, pictures and window operations leave no trace, and the text around them stays."""
    assert scan(b"a" + sequence + b"b") == (Output(b"ab"),)


def test_a_string_without_end_cannot_eat_the_stream() -> None:
    """Beyond the limit the text is shown again, so nothing beyond it is held."""
    marks = Marks()
    assert marks.feed(b"\x1b]" + b"x" * (STRING_LIMIT - 1)) == ()
    assert marks.feed(b"xhello") == (Output(b"hello"),)


def test_a_line_feed_breaks_a_string_off() -> None:
    """A stray string introducer costs at most its own line."""
    assert scan(b"\x1b]oops\r\nnext") == (Output(b"\r\nnext"),)


def test_a_mark_inside_an_unfinished_string_is_still_seen() -> None:
    """ESC cancels the string before it, so a program cannot hide the end of its command."""
    assert scan(b"\x1b]0;title\x1b]133;D;0\x07") == (CommandEnd(0),)


@pytest.mark.parametrize("mode", [b"47", b"1047", b"1049", b"1;1049"])
@pytest.mark.parametrize("final", [b"h", b"l"])
def test_the_alternate_screen_is_reported_and_drawn(mode: bytes, final: bytes) -> None:
    """The emulator gets the switch too, before the event."""
    sequence = b"\x1b[?" + mode + final
    assert scan(sequence) == (Output(sequence), AlternateScreen(final == b"h"))


def test_colours_and_movements_pass_unchanged() -> None:
    """What the emulator draws with is left to it, however long."""
    stream = b"\x1b[1;31mred\x1b[0m\x1b[2A\x1b[K\x1b(0x\x1b(B\x1b7\x1b[" + b"1;" * CSI_LIMIT + b"m"
    assert scan(stream) == (Output(stream),)


def test_bracketed_paste_is_reported() -> None:
    """A program that wants pasted text marked says so."""
    assert scan(b"\x1b[?2004h")[-1] == PasteMode(True)


@pytest.mark.parametrize(
    ("sequence", "question"),
    [
        (b"\x1b[c", Question.ATTRIBUTES),
        (b"\x1b[>0c", Question.SECONDARY_ATTRIBUTES),
        (b"\x1b[5n", Question.STATUS),
        (b"\x1b[6n", Question.CURSOR),
        (b"\x1b[?6n", Question.CURSOR_EXTENDED),
        (b"\x1b[>q", Question.VERSION),
        (b"\x1b[18t", Question.SIZE),
        (b"\x1b]11;?\x07", Question.BACKGROUND),
    ],
)
def test_questions_to_the_terminal_are_events(sequence: bytes, question: Question) -> None:
    """The screen never sees a question; whoever knows the screen answers it."""
    assert scan(sequence) == (Query(question),)
