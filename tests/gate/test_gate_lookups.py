"""Names in a lab's containers: those of the lab's own are found, and any other fails at once."""

from __future__ import annotations

import time

import pytest

from tests.gate.support import HandMadeLab

pytestmark = pytest.mark.engine

BASE = "diamol/base"
SOON = 3.0
"""Seconds, docker exec included; a resolver with its ordinary patience takes five and more."""


@pytest.mark.parametrize("network", ["bridge", "back"])
async def test_own_names_are_found_and_others_fail_soon(lab_a: HandMadeLab, network: str) -> None:
    """On the lab's own network and on one that the learner made."""
    lab_a.has(BASE)
    if network != "bridge":
        await lab_a.ok("network", "create", network)
    for name in ("shop", "till"):
        await lab_a.ok("run", "-d", "--name", name, "--network", network, BASE, "sleep", "60")
    assert "Name:\ttill" in await lab_a.ok("exec", "shop", "nslookup", "till")
    for name in ("example.com", "nothing-like-it"):
        started = time.monotonic()
        assert "bad address" in (await lab_a.docker("exec", "shop", "ping", "-c", "1", name)).err
        assert time.monotonic() - started < SOON, name
    await lab_a.ok("rm", "-f", "shop", "till")
