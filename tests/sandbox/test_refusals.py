"""The operator's log of refusals, on a clock of the test's own; and connections when there is no descriptor left."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket

import pytest

from bot.identity import LabId
from bot.sandbox import ports
from bot.sandbox.refusals import FIRST, INTERVAL, Refusals
from bot.tasks import TaskShelf

LOUD, QUIET = LabId("0123456789"), LabId("9876543210")


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_loop_in_a_lab_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Its first refusals are told, the rest as a count; another lab's are told meanwhile."""
    caplog.set_level(logging.INFO, "bot.sandbox.refusals")
    clock = Clock()
    refusals = Refusals(clock)
    for _ in range(1000):
        refusals.note(LOUD, "privileged")
    refusals.note(QUIET, "build")
    assert caplog.messages == [f"lab {LOUD}: refused privileged"] * FIRST + [f"lab {QUIET}: refused build"]
    caplog.clear()
    clock.now = INTERVAL - 1
    refusals.note(LOUD, "mount")
    assert not caplog.messages
    clock.now = INTERVAL
    refusals.note(LOUD, "privileged")
    rest = 1000 - FIRST
    assert caplog.messages == [
        f"lab {LOUD}: refused {rest + 1} more: privileged {rest}, mount 1",
        f"lab {LOUD}: refused privileged",
    ]
    assert refusals.counts == {"privileged": 1001, "build": 1, "mount": 1}


def test_labs_that_are_gone_are_forgotten() -> None:
    """What is kept is bounded by the labs of one interval."""
    clock = Clock()
    refusals = Refusals(clock)
    for number in range(100):
        clock.now = number * INTERVAL
        refusals.note(LabId(f"{number:010}"), "build")
    assert len(refusals._intervals) == 1  # nothing else shows it


async def test_a_listener_outlives_a_moment_without_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection waits in the kernel's line and is taken when there is a descriptor again."""
    monkeypatch.setattr(ports, "ACCEPT_PAUSE", 0.01)
    tasks = TaskShelf()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        listener.setblocking(False)
        client.connect(listener.getsockname())
        waiting = tasks.start(ports.accepted(listener), name="accepting")
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            await asyncio.sleep(0.1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert not waiting.done()
        async with asyncio.timeout(5):
            (await waiting).close()
