"""Paths, versions and queries: read in one way only, or refused before the engine is asked anything."""

from __future__ import annotations

from bot.guard.verdict import Answer
from tests.guard.lab import asked


def test_ping_says_the_version_and_nothing_that_makes_the_cli_try_more() -> None:
    """No BuildKit, no swarm: the CLI then does not ask for them."""
    verdict = asked("HEAD", "/_ping")
    assert isinstance(verdict, Answer) and verdict.status == 200 and verdict.body == b""
    assert not {"Builder-Version", "Swarm"} & {name for name, _ in verdict.headers}
