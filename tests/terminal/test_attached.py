"""When Docker's detach keys have something to leave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.terminal.attached import can_detach, follows_container


@pytest.mark.parametrize(
    "command",
    [
        "docker run -it diamol/base",
        "docker container run --interactive --tty diamol/base",
        "docker run --name box -i -t diamol/base sh",
        "cd /tmp && docker run -ti diamol/base",
        "docker run \\\n  -it diamol/base",
        "docker attach box",
        "docker container attach box",
        "docker start -ai box",
        "docker container start --attach --interactive box",
        "docker run -it diamol/base ls -d",
        "docker run -it diamol/base sh -c 'sleep 9; docker --detach'",
        "docker run -itp 8088:80 --env d=-d -w/data diamol/base",
        "docker run -it --detach=false diamol/base",
        "docker --context lab run -it diamol/base",
        "docker run -it --name 'a",
    ],
)
def test_a_container_at_the_terminal_can_be_left_running(command: str) -> None:
    """Ctrl-P Ctrl-Q gives the prompt back and does not end it."""
    assert can_detach(command)


@pytest.mark.parametrize(
    "command",
    [
        "docker run diamol/base",
        "docker run -dit diamol/base",
        "docker run --detach -it diamol/base",
        "docker run -i diamol/base",
        "docker run -i diamol/base ls -t",
        "docker run --name -it diamol/base",
        "docker run -it --detach-keys ctrl-x diamol/base",
        "docker attach --no-stdin box",
        "docker run -it=false diamol/base",
        "docker start -i box",
        "echo 'docker run -it'",
        "docker exec -it box sh",
        "docker start box",
        "docker ps; echo -it",
        "echo docker run",
        "vi",
        "",
    ],
)
def test_nothing_to_detach_from(command: str) -> None:
    """Without a terminal of the container's there is no button that would do nothing."""
    assert not can_detach(command)


@pytest.mark.parametrize(
    ("command", "follows"),
    [
        ("docker run diamol/base sleep 9", True),
        ("docker run --interactive --tty diamol/base", True),
        ("docker start --attach box", True),
        ("docker attach box", True),
        ("docker run --detach diamol/base", False),
        ("docker run -td diamol/base", False),
        ("docker start box", False),
        ("docker exec -it box sh", False),
        ("docker logs --follow box", False),
        ("sleep 9", False),
    ],
)
def test_a_container_at_the_terminal_is_known(command: str, follows: bool) -> None:
    """Ctrl-C is for its first process, which may not hear it; an exec's or the logs' ends the docker command."""
    assert follows_container(command) is follows


@given(st.text(st.sampled_from("docker run -it'\"\\\n ;&|()=x"), max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    """What a learner types need not be a sound shell line."""
    assert can_detach(f"docker run {text}") in (True, False) and follows_container(text) in (True, False)
