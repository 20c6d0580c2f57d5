"""When Docker's detach keys have something to leave."""

from __future__ import annotations

import pytest

from bot.terminal.attached import can_detach


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
