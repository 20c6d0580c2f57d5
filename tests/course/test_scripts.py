"""The prelude and the checks read the docker CLI and the history. The CLI here is a program that repeats a text."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bot.course import Course, read_course
from bot.settings import CONTENT

PRELUDE = (CONTENT / "prelude.sh").read_text("utf-8")
COURSE: Course = read_course(CONTENT)


class Toolbox:
    """A home folder with a history, and a `docker` that prints the same lines whatever it is asked."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.history("")
        self.docker("")

    def history(self, *lines: str) -> None:
        (self.home / ".bash_history").write_text("".join(f"{line}\n" for line in lines), "utf-8")

    def docker(self, *lines: str) -> None:
        (self.home / "answer").write_text("".join(f"{line}\n" for line in lines), "utf-8")
        program = self.home / "docker"
        program.write_text(f"#!/bin/sh\ncat {self.home}/answer\n", "utf-8")
        program.chmod(0o755)

    def bash(self, script: str, language: str = "ko") -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{self.home}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "DOSIRAK_LANGUAGE": language,
        }
        command = ["bash", "-c", script]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)

    def check(self, step: str) -> int:
        """The exit code of a step's check."""
        verify = COURSE.chapter("ch02").step(step).verify
        assert verify is not None
        return self.bash(verify).returncode


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    return Toolbox(tmp_path)


@pytest.mark.parametrize(("language", "said"), [("ko", "아직이에요.\n"), ("en", "Not yet.\n")])
def test_a_reason_is_said_in_the_learners_language(toolbox: Toolbox, language: str, said: str) -> None:
    """`reason` takes both and prints one."""
    assert toolbox.bash(f"{PRELUDE}\nreason '아직이에요.' 'Not yet.'", language).stdout == said


def test_entering_a_line_runs_it_and_leaves_it_in_the_history(toolbox: Toolbox) -> None:
    """A reference answer leaves the traces that a learner would."""
    ended = toolbox.bash(f"{PRELUDE}\nenter 'echo $((1 + 1))'\ntyped '^echo '")
    assert (ended.returncode, ended.stdout) == (0, "2\n")


def test_a_history_that_is_not_there_holds_nothing(toolbox: Toolbox) -> None:
    """A lab in which nothing was typed has no history file."""
    (toolbox.home / ".bash_history").unlink()
    ended = toolbox.bash(f"{PRELUDE}\ntyped 'docker'")
    assert ended.returncode != 0 and ended.stderr == ""


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("1f diamol/base exited Exited (127) 3 minutes ago", "1f diamol/base exited 127"),
        ("1f diamol/base:latest running Up 2 seconds", "1f diamol/base running -"),
        ("1f docker.io/diamol/base:latest exited Exited (0) Less than a second ago", "1f diamol/base exited 0"),
        ("1f diamol/web:2 created Created", "1f diamol/web:2 created -"),
        ("1f a0771a24dc07 running Up About a minute (Paused)", "1f a0771a24dc07 running -"),
    ],
)
def test_containers_are_read_line_by_line(toolbox: Toolbox, line: str, read: str) -> None:
    """However the image was written, and whatever the state, there are four words."""
    toolbox.docker(line)
    assert toolbox.bash(f"{PRELUDE}\ncontainers").stdout == f"{read}\n"


@pytest.mark.parametrize(
    ("line", "done"),
    [
        ("docker container ls --all", True),
        ("docker container ls -a", True),
        ("docker ps -aq --no-trunc", True),
        ("docker  container  list  --no-trunc --all", True),
        ("docker container ls", False),
        ("docker ps --format '{{.Names}}'", False),
        ("docker image ls --all", False),
    ],
)
def test_a_list_of_all_containers_is_known_in_its_short_and_old_forms(toolbox: Toolbox, line: str, done: bool) -> None:
    """What a learner knows already counts, too."""
    toolbox.docker("1f diamol/base exited Exited (0) now")
    toolbox.history("ls", line)
    assert (toolbox.check("list") == 0) == done


def test_a_list_without_a_container_that_has_ended_shows_nothing(toolbox: Toolbox) -> None:
    """Who begins here has an empty lab: the step is about what became of containers."""
    toolbox.history("docker container ls --all")
    for listed in ((), ("1f diamol/base running Up 2 seconds",)):
        toolbox.docker(*listed)
        assert toolbox.check("list") == 1


HELLO = "1f diamol/ch02-hello-diamol exited Exited (0) now"


@pytest.mark.parametrize(
    ("lines", "logs", "done"),
    [
        (["docker logs hello", "docker cp a hello:/"], "Hello from Chapter 2!\\nHello from Chapter 2!", True),
        (["docker logs hello", "docker start -a hello"], "Hello from Chapter 2!\\nHello from Chapter 2!", False),
        (["docker cp a hello:/", "docker start hello"], "Hello from Chapter 2!\\nHello from Chapter 2!", False),
        (["docker logs hello", "docker cp a hello:/", "docker start hello"], "Hello from Chapter 2!", False),
    ],
)
def test_what_is_kept_wants_all_three(toolbox: Toolbox, lines: list[str], logs: str, done: bool) -> None:
    """A second start is seen in what the container has said: a line that docker refused counts for nothing."""
    program = f"#!/bin/sh\ncase $2 in\nls) echo '{HELLO}' ;;\nlogs) printf '{logs}\\n' ;;\nesac\n"
    (toolbox.home / "docker").write_text(program, "utf-8")
    toolbox.history(*lines)
    assert (toolbox.check("what-is-kept") == 0) == done


@pytest.mark.parametrize(
    ("ends", "done"), [(["0"], False), (["0", "0"], True), (["0", "137"], False), (["1", "0", "0"], True)]
)
def test_hello_again_counts_containers_that_ended_well(toolbox: Toolbox, ends: list[str], done: bool) -> None:
    """Two good ends are two different containers."""
    toolbox.docker(*(f"{place}f diamol/ch02-hello-diamol exited Exited ({end}) now" for place, end in enumerate(ends)))
    assert (toolbox.check("hello-again") == 0) == done
