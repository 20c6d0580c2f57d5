"""From messages and buttons to bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.terminal import keys
from bot.terminal.keys import PASTE_BEGIN, PASTE_END, command_line, key, pasted, program_input, straighten, typed


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ctrl-c", b"\x03"),
        ("Ctrl-D", b"\x04"),
        ("ctrl-[", b"\x1b"),
        ("esc", b"\x1b"),
        ("enter", b"\r"),
        ("up", b"\x1b[A"),
        ("pgdn", b"\x1b[6~"),
    ],
)
def test_keys_send_what_a_terminal_sends(name: str, data: bytes) -> None:
    """xterm's bytes, whatever the case of the name."""
    assert key(name) == data


def test_cursor_keys_have_an_application_form() -> None:
    """vi and less ask for it."""
    assert key("left", application=True) == b"\x1bOD"


def test_an_unknown_key_is_none() -> None:
    """A button from another version does nothing."""
    assert key("hyper-x") is None and key("ctrl-cc") is None


def test_a_command_of_several_lines_is_one_line_for_the_shell() -> None:
    """Line feeds and tabs are quoted: one history entry, one end, no completion."""
    assert command_line("cat <<E\n\thi\nE\n") == b"cat <<E\x16\n\x16\thi\x16\nE\r"


@given(st.text())
def test_nothing_typed_is_a_control_sequence(text: str) -> None:
    """A message cannot press Ctrl-C, begin an escape sequence or send what is not UTF-8."""
    for data in (command_line(text), program_input(text), typed(text), pasted(text)):
        inner = data.removeprefix(PASTE_BEGIN).removesuffix(PASTE_END)
        assert not set(inner) & (set(range(0x20)) - {0x09, 0x0A, 0x0D, 0x16}) and b"\x7f" not in inner
        data.decode()
    assert command_line(text).count(b"\r") == 1


def test_input_for_a_program_ends_each_line() -> None:
    """Enter after every line; text for a full-screen program has none at its end."""
    assert program_input("a\r\nb") == b"a\rb\r" and typed("a") == b"a"


@pytest.mark.parametrize(
    ("phone", "meant"),
    [
        ("echo “hi”", 'echo "hi"'),
        ("sh -c ‘ls’", "sh -c 'ls'"),
        ("docker ps —all", "docker ps --all"),
        ("docker ps –all", "docker ps --all"),
        ("docker ps –a", "docker ps -a"),
        ("docker\u00a0ps", "docker ps"),
        ("Docker ps", "docker ps"),
        ("Exit", "exit"),
    ],
)
def test_what_phones_make_of_code_is_undone(phone: str, meant: str) -> None:
    """Curly quotes, long dashes, hard spaces and a sentence's capital become what was typed, and it is said."""
    assert straighten(phone) == (meant, True)


@pytest.mark.parametrize(
    "text",
    [
        "docker ps --all",
        'echo "그는 “네”라고"',
        "echo a — b",
        "echo 3–4",
        "한글 문장이에요",
        "Docker 어떻게 써요",
        "DOCKER_HOST=x",
        "Lsblk",
    ],
)
def test_what_was_meant_stays(text: str) -> None:
    """Quotes inside quotes and dashes between words are left alone."""
    assert straighten(text) == (text, False)


@pytest.mark.parametrize(
    ("text", "by_keys", "pastes", "data"),
    [
        ("ls", False, False, b"ls\r"),
        ("ls\npwd", False, True, b"ls\rpwd\r"),
        ("dd", True, True, b"dd"),
        ("a\nb", True, False, b"a\rb"),
        ("a\nb", True, True, keys.PASTE_BEGIN + b"a\rb" + keys.PASTE_END),
        ("x" * keys.PASTE_FROM, True, True, keys.PASTE_BEGIN + b"x" * keys.PASTE_FROM + keys.PASTE_END),
    ],
)
def test_a_message_is_a_line_or_keys_or_a_paste(text: str, by_keys: bool, pastes: bool, data: bytes) -> None:
    """Single keys get no Enter; a long text is a paste where the program knows pastes."""
    assert keys.entered(text, by_keys=by_keys, pastes=pastes) == data


def test_leaving_vi_leaves_its_insert_mode_first() -> None:
    """`:wq` typed into the text would be text."""
    assert keys.strokes("save") == (b"\x1b", b":wq\r") and keys.strokes("quit") == (b"\x1b", b":q!\r")
