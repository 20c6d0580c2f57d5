"""Tables that are worth a picture."""

from __future__ import annotations

import pytest

from bot.terminal.run import Run
from bot.terminal.tables import is_wide, is_wide_table
from bot.terminal.terminal import Terminal

CONTAINERS = (
    "CONTAINER ID   IMAGE                          COMMAND                  CREATED         STATUS    PORTS     NAMES",
    'f1e2d3c4b5a6   diamol/ch02-hello-diamol-web   "httpd-foreground"       2 minutes ago   Up        80/tcp    web',
)
IMAGES = (
    "REPOSITORY                     TAG       IMAGE ID       CREATED        SIZE",
    "diamol/ch02-hello-diamol-web   latest    f1e2d3c4b5a6   2 months ago   11.2MB",
)


def ended(command: str, *lines: str) -> Run:
    terminal = Terminal()
    terminal.feed(b"\x1b]133;A\x07$ \x1b]133;B\x07", 0)
    run = terminal.begin(command, 0)
    output = "".join(line + "\r\n" for line in lines)
    terminal.feed(f"{command}\r\n\x1b]133;C\x07{output}\x1b]133;D;0\x07".encode(), 1)
    return run


@pytest.mark.parametrize(
    "run", [ended("docker container ls", *CONTAINERS), ended("docker image ls", *IMAGES)], ids=["containers", "images"]
)
def test_a_wide_table_of_docker_is_seen(run: Run) -> None:
    """Whatever it lists."""
    assert is_wide_table(run)


@pytest.mark.parametrize(
    "run",
    [
        ended("docker container ls", CONTAINERS[0]),
        ended("docker ps --format x", "NAMES   STATUS", "web     Up"),
        ended("docker run x", "x" * 100, "y"),
        ended("cat table", *CONTAINERS),
        ended("true"),
    ],
    ids=["no rows", "narrow", "no table", "not docker's", "nothing"],
)
def test_what_reads_well_in_lines_has_no_picture(run: Run) -> None:
    """A picture costs a message of the chat's budget."""
    assert not is_wide_table(run)


def test_a_line_of_a_phones_width_is_not_wide() -> None:
    """Forty columns fit, Hangul counted double."""
    assert not is_wide(ended("echo", "가" * 20)) and is_wide(ended("echo", "가" * 20 + "x"))
