"""Records golden captures: a shell with the toolbox's marks in a pty, lines typed into it, its bytes kept.

    DOCKER_HOST=unix:///… python -m tests.terminal.record NAME [--size 40x20] LINE [LINE …]

Each LINE is typed after a pause; `{esc}` and `{ctrl-c}` stand for keys, and a LINE that ends with `{}` is sent without
Enter. A LINE with line feeds is sent as one command, as the bot does. The capture is `captures/NAME.tty`: one JSON list
for each read, `[milliseconds, text]`, the bytes as latin-1 so that each of them survives. What a capture must look like
is in the tests.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import re
import select
import struct
import tempfile
import termios
import time
from pathlib import Path

from bot.terminal.keys import command_line, key
from bot.terminal.screen import Size
from bot.terminal.terminal import Reply, Terminal

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = Path(__file__).parent / "captures"
TOOLBOX_ETC = ROOT / "deploy" / "images" / "toolbox" / "etc"

PAUSE = 1.5
"""Seconds of quiet after which the next line is typed; `top` draws every second, so a line waits this long at most
four times."""


def keystrokes(line: str) -> bytes:
    """The line's bytes: named keys in braces, and Enter unless it ends with `{}`."""
    if "\n" in line:
        return command_line(line)
    text = re.sub(r"\{([^}]+)\}", lambda match: (key(match[1]) or b"").decode("latin-1"), line)
    data = text.removesuffix("{}").encode()
    return data if line.endswith("}") else data + b"\r"


def read_until_quiet(terminal: int, state: Terminal, began: float) -> list[tuple[int, str]]:
    """What the shell writes until it pauses; programs' questions about the terminal are answered as the bot does."""
    chunks: list[tuple[int, str]] = []
    deadline = time.monotonic() + 4 * PAUSE
    while time.monotonic() < deadline and select.select([terminal], [], [], PAUSE)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        for happening in state.feed(data, time.monotonic()):
            if isinstance(happening, Reply):
                os.write(terminal, happening.data)
        chunks.append((int((time.monotonic() - began) * 1000), data.decode("latin-1")))
    return chunks


def record(lines: list[str], columns: int, rows: int, home: str) -> list[tuple[int, str]]:
    """A shell's whole session."""
    process, terminal = pty.fork()
    if process == 0:
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": home}
        environment["INPUTRC"] = str(TOOLBOX_ETC / "inputrc")
        os.execvpe("bash", ["bash", "--rcfile", str(TOOLBOX_ETC / "dosirak" / "bashrc"), "-i"], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    began = time.monotonic()
    state = Terminal(Size(columns, rows))
    chunks = read_until_quiet(terminal, state, began)
    for line in lines:
        os.write(terminal, keystrokes(line))
        chunks += read_until_quiet(terminal, state, began)
    os.close(terminal)
    os.waitpid(process, 0)
    return chunks


def main() -> None:
    parser = argparse.ArgumentParser(description="Record a golden capture of a terminal session.")
    parser.add_argument("name")
    parser.add_argument("--size", default="80x24")
    parser.add_argument("lines", nargs="+", metavar="LINE")
    arguments = parser.parse_args()
    columns, rows = map(int, arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as home:
        chunks = record(arguments.lines, columns, rows, home)
    text = "".join(json.dumps(chunk) + "\n" for chunk in chunks)
    (CAPTURES / f"{arguments.name}.tty").write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
