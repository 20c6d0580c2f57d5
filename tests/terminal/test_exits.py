"""Exit codes in words."""

from __future__ import annotations

import pytest

from bot.terminal.exits import EXIT_KEYS, ShellExit


@pytest.mark.parametrize("code", [None, *range(-1, 300)])
def test_every_code_has_a_known_key(code: int | None) -> None:
    """No exit leaves the chat without a sentence."""
    assert ShellExit(code, 0).key in EXIT_KEYS


@pytest.mark.parametrize(
    ("code", "key"),
    [
        (0, "done"),
        (125, "docker_refused"),
        (127, "not_found"),
        (130, "interrupted"),
        (137, "killed"),
        (134, "signal"),
        (42, "other"),
    ],
)
def test_codes_mean_what_shell_and_docker_mean(code: int, key: str) -> None:
    """The codes that a learner of Docker meets have their own words."""
    assert ShellExit(code, 1).key == f"exit.{key}"


def test_every_key_is_used() -> None:
    """No sentence is translated for nothing."""
    assert {ShellExit(code, 0).key for code in (None, *range(256))} == EXIT_KEYS
