"""Golden captures: sessions recorded from a real engine (see `record.py`), read as the chat reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.richtext import RichText
from bot.terminal.frames import Frame, FrameState, frame
from bot.terminal.progress import short_progress
from bot.terminal.run import Run
from bot.terminal.screen import LINE_SIZE, PHONE_SIZE, Size
from bot.terminal.terminal import CommandEnded, PromptSeen, Terminal

PHONE_COLUMNS = 35
"""About what a phone shows of a fixed-width line before it breaks."""
CAPTURES = Path(__file__).parent / "captures"


class Replay:
    """A capture, played with its own times to a terminal at whose prompt `command` was begun."""

    def __init__(self, name: str, command: str, size: Size = LINE_SIZE) -> None:
        lines = (CAPTURES / f"{name}.tty").read_text("ascii").splitlines()
        self.chunks = [(moment / 1000, text.encode("latin-1")) for moment, text in map(json.loads, lines)]
        self.terminal = Terminal(size)
        self.now, first = self.chunks.pop(0)
        self.terminal.feed(first, self.now)
        self.run = self.terminal.begin(command, self.now)
        self.ended: list[Run] = []

    def until(self, text: str) -> Frame:
        """Plays on until the message shows `text`, and a pause long enough to see that a program waits."""
        while text not in self.frame().text.text:
            self.play()
        while self.chunks and self.chunks[0][0] < self.now + 1:
            self.play()
        self.now += 1
        return self.frame()

    def to_the_end(self) -> Frame:
        while self.chunks:
            self.play()
        assert self.ended == [self.run]
        return self.frame()

    def play(self) -> None:
        self.now, data = self.chunks.pop(0)
        happenings = self.terminal.feed(data, self.now)
        self.ended += [happening.run for happening in happenings if isinstance(happening, CommandEnded)]

    def frame(self) -> Frame:
        return frame(self.run, self.now, above=lambda count: f"… {count} above", footer=RichText("end"))


def test_a_pull_ends_with_the_last_state_of_each_layer() -> None:
    """Hundreds of redrawn lines end as the ten that stay on a real terminal."""
    picture = Replay("pull", "docker pull x").to_the_end()
    lines = picture.text.text.splitlines()
    assert lines[:3] == ["$ docker pull x", "Using default tag: latest", "latest: Pulling from terminal/layers"]
    assert [line.split(": ")[1] for line in lines[3:7]] == ["Already exists", *["Pull complete"] * 3]
    assert [line.partition(":")[0] for line in lines[7:]] == ["Digest", "Status", "127.0.0.1", "end"]
    assert picture.state is FrameState.ENDED and picture.hidden == 0


def test_a_pull_never_seems_to_wait() -> None:
    """No pause in its progress is taken for a prompt."""
    replay = Replay("pull", "docker pull x")
    while replay.chunks:
        assert not replay.run.waits(replay.chunks[0][0])
        replay.play()


@pytest.mark.parametrize("size", [LINE_SIZE, Size(140, 30)], ids=["80 columns", "140 columns"])
def test_a_pull_in_progress_fits_a_phone(size: Size) -> None:
    """Each layer in one line, with how far it is; the wide terminal's bars too."""
    replay = Replay("pull", "docker pull x", size)
    seen = set()
    while replay.chunks:
        replay.play()
        if not replay.run.over:
            seen |= {line for line in replay.frame().text.text.splitlines() if "ing " in line and "from" not in line}
    percents = [line for line in seen if line.endswith("%")]
    assert percents and max(map(len, seen)) <= PHONE_COLUMNS


@pytest.mark.parametrize(
    ("line", "short"),
    [
        ("69541792dbe9: Downloading [====>      ]  1.5MB/6.002MB", "69541792dbe9: Downloading 24%"),
        ("69541792dbe9: Extracting  65.54kB/6.002MB", "69541792dbe9: Extracting 1%"),
        ("69541792dbe9: Downloading  512B/512B", "69541792dbe9: Downloading 100%"),
        ("69541792dbe9: Downloading  1.5MB", "69541792dbe9: Downloading  1.5MB"),
        ("69541792dbe9: Pull complete", "69541792dbe9: Pull complete"),
        ("69541792dbe9: Downloading  0B/0B", "69541792dbe9: Downloading  0B/0B"),
        ("69541792dbe9: Downloading  1.2.3MB/1MB", "69541792dbe9: Downloading  1.2.3MB/1MB"),
    ],
)
def test_only_a_layers_progress_is_shortened(line: str, short: str) -> None:
    """Whatever else is written stays as it was written."""
    assert short_progress(line) == short


def test_an_interactive_container_is_used_line_by_line() -> None:
    """Each prompt of `run -it` waits with its cursor; the input is shown where it was typed; `exit` ends it."""
    replay = Replay("run-it", "docker container run -it diamol/base")
    first = replay.until("/ #")
    assert first.state is FrameState.WAITING
    assert first.text.text.endswith("Enter 'help' for a list of built-in commands.\n\n/ # ▌\nend")
    assert replay.until("안녕\n/ #").text.text.endswith("/ # hostname; echo 안녕\nbox\n안녕\n/ # ▌\nend")
    last = replay.to_the_end()
    assert last.state is FrameState.ENDED
    assert last.text.text.endswith("/ # seq 3\n1\n2\n3\n/ # exit\nend")


def test_vi_shows_its_screen_and_leaves_what_was_there_before() -> None:
    """The alternate screen is the message while vi runs; afterwards only the normal screen counts."""
    replay = Replay("vi", 'docker run -it x sh -c "vi /a; cat /a"', PHONE_SIZE)
    picture = replay.until("[Modified]")
    assert replay.run.screen.alternate and picture.state is FrameState.WAITING
    rows = replay.run.screen.view()
    assert rows[:3] == ("Hello 한글 one", "two", "~") and rows[19] == "- /a [Modified] 1/2 50%"
    assert replay.to_the_end().text.text.endswith("\nHello 한글 one\ntwo\nend")


def test_nano_shows_what_is_typed_and_the_keys_it_wants() -> None:
    """Its last rows name the Ctrl keys that the keypad has; the cursor stands behind what was typed."""
    replay = Replay("nano", 'docker run -it --rm x sh -c "nano /a; cat /a"', PHONE_SIZE)
    picture = replay.until("two")
    assert picture.state is FrameState.WAITING and "\nHello 한글 one\ntwo▌\n" in picture.text.text
    assert "^X Exit" in picture.text.text and replay.terminal.paste_mode
    assert "File Name to Write: /a▌" in replay.until("File Name").text.text
    assert replay.to_the_end().text.text.endswith("\nHello 한글 one\ntwo\nend")
    assert not replay.terminal.paste_mode


def test_less_shows_a_screen_at_a_time_and_leaves_nothing() -> None:
    """Its prompt with the cursor is the last row; afterwards only the command is left."""
    replay = Replay("less", 'docker run -it --rm x sh -c "seq 100 | less"', PHONE_SIZE)
    assert replay.until("\n19\n").text.text.endswith("\n19\n:▌\nend")
    assert replay.to_the_end().text.text.endswith('| less"\nend')


def test_top_shows_one_picture_of_itself() -> None:
    """A program that repaints from the top leaves one screen, not one for each second."""
    text = Replay("top", "docker run -it x top", PHONE_SIZE).to_the_end().text.text
    assert text.count("Load average") == 1 and "PID  PPID USER" in text


SHELL_LINES = {
    "echo 가나다 && false": (("가나다",), 1),
    "echo )": (("bash: syntax error near unexpected token `)'",), 2),
    "for n in 1 2\ndo echo $n\ndone\necho end": (("1", "2", "end"), 0),
    "# nothing": ((), 0),
    "cat <<E": (("x",), 0),
    "nosuch": (("bash: nosuch: command not found",), 127),
    "echo " + "x" * 100: (("x" * 100,), 0),
}
"""What was typed at the prompt, what it printed, and its exit code (a comment leaves the last one)."""


def test_a_real_shells_marks_delimit_each_command() -> None:
    """One end for each line that was sent, with its output and code: errors, several lines, long ones."""
    lines = (CAPTURES / "shell.tty").read_text("ascii").splitlines()
    terminal, commands, ended = Terminal(), iter(SHELL_LINES), []
    for moment, text in map(json.loads, lines):
        for happening in terminal.feed(text.encode("latin-1"), moment / 1000):
            if isinstance(happening, PromptSeen) and (command := next(commands, None)) is not None:
                terminal.begin(command, moment / 1000)
            elif isinstance(happening, CommandEnded):
                ended.append(happening.run)
    assert [run.command for run in ended] == list(SHELL_LINES)
    for run in ended:
        assert run.exit is not None
        assert (run.lines(), run.exit.code) == SHELL_LINES[run.command]


@pytest.mark.parametrize("name", ["pull", "shell", "run-it", "top", "vi", "nano", "less"])
def test_captures_carry_nothing_of_the_machine(name: str) -> None:
    """A capture is part of the repository: no path or name of whoever recorded it."""
    text = (CAPTURES / f"{name}.tty").read_text("ascii")
    assert "/work" not in text and "/tmp" not in text and "/home" not in text
