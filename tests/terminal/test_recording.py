"""The session as a file that asciinema plays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.terminal.recording import MOST_BYTES, PART_BYTES, Recording
from bot.terminal.screen import LINE_SIZE, PHONE_SIZE, Screen, Size
from bot.terminal.terminal import Terminal
from tests.terminal import asciicast
from tests.terminal.asciicast import Cast, Event


def read(recording: Recording, now: float = 100.0) -> Cast:
    return asciicast.read(recording.document(now=now, timestamp=1_800_000_000.0, title="도시락"))


def test_a_session_plays_as_it_was_seen() -> None:
    """Header, sizes and output as version 3 has them: intervals from event to event."""
    recording = Recording(LINE_SIZE)
    recording.output(b"$ vi\r\n", 90)
    recording.resize(PHONE_SIZE, 91.5)
    recording.output("\x1b[?1049h한".encode(), 92)
    cast = read(recording)
    assert cast.size == (80, 24)
    assert cast.header["timestamp"] == 1_800_000_000 - 10 and cast.header["title"] == "도시락"
    assert cast.events == (Event(0.0, "o", "$ vi\r\n"), Event(1.5, "r", "40x20"), Event(0.5, "o", "\x1b[?1049h한"))


def test_titles_clipboard_and_questions_are_not_in_it() -> None:
    """A player's own terminal would obey them, or answer into whatever runs there."""
    terminal = Terminal()
    terminal.feed(b"\x1b]133;A\x07$ a\x1b]52;c;aGk=\x07\x1b]0;t\x07\x1b[6n\x1b[cb", 1)
    assert read(terminal.recording).events == (Event(0.0, "o", "$ ab"),)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=30))
def test_whatever_is_written_is_valid(chunks: list[bytes]) -> None:
    """Bytes that are no UTF-8, and characters that are split over chunks."""
    recording = Recording(LINE_SIZE)
    for number, chunk in enumerate(chunks):
        recording.output(chunk, number)
    assert read(recording).output == b"".join(chunks).decode(errors="replace") or not _whole(chunks)


def _whole(chunks: list[bytes]) -> bool:
    """Whether the end is no beginning of a character, which would still be waited for."""
    text = b"".join(chunks)
    return text.decode(errors="ignore").encode() == text


def test_a_flood_keeps_its_beginning_its_end_and_what_was_before() -> None:
    """It is cut in its middle, and pushes no other command out."""
    recording = Recording(LINE_SIZE)
    recording.output(b"before\r\n", 0)
    recording.begin()
    for number in range(3000):
        recording.output(b"%07d\r\n" % number * 100, 1 + number)
    text = read(recording).output
    assert "before" in text and "0000000" in text and "0002999" in text and "[...]" in text
    assert len(text) < 3 * PART_BYTES


def test_a_long_session_is_bounded() -> None:
    """The oldest commands go, and the header has the size that holds where it begins now."""
    recording = Recording(LINE_SIZE)
    for number in range(400):
        recording.begin()
        recording.resize(Size(40 + number, 20), number)
        recording.output(b"%d " % number * 1000, number)
    cast = read(recording, 400)
    first = int(cast.events[0].data.split("x")[0]) - 40
    assert first > 300 and cast.size == (40 + first - 1, 20)
    assert sum(len(event.data) for event in cast.events) <= MOST_BYTES


def test_many_tiny_events_are_bounded() -> None:
    """A byte a second for a day."""
    recording = Recording(LINE_SIZE)
    for second in range(86_400):
        recording.output(b".", second)
    assert len(recording.document(now=86_400, timestamp=0, title="")) < MOST_BYTES


def test_the_same_screen_comes_out() -> None:
    """Played into an emulator, the file shows what the terminal showed."""
    terminal = Terminal()
    terminal.feed(b"\x1b]133;A\x07$ ", 0)
    run = terminal.begin("x", 0)
    terminal.feed("x\r\n\x1b]133;C\x07한\x1b[31m글\x1b[0m\r\n안녕\x1b[1A!".encode(), 1)
    screen = Screen(LINE_SIZE)
    screen.feed(read(terminal.recording).output.encode())
    assert screen.lines()[1:] == run.lines()
