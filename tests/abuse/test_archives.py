"""Archives without an end, and archives that nobody reads: bounded, and nobody else notices."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from bot.sandbox.engine import Engine
from bot.sandbox.events import EngineGone
from bot.sandbox.gate.copy import ENGINE_SECONDS
from bot.sandbox.gate.spool import SPOOLS_OF_LAB
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.settings import Settings
from tests.abuse.kit import LIVELY, MIB, docker, found, ok, resident, runs, until, working
from tests.abuse.test_stubborn import clients, gate_of

pytestmark = pytest.mark.engine

HUNDRED_GIB = 100 * 2**30
GET = b"GET /v1.41/containers/%s/archive?path=%s HTTP/1.1\r\nHost: lab\r\n\r\n"
GROWN = 48 * MIB
"""Far less than one archive, whose bound is 64: the rest of the bot lives in this process too."""


async def test_what_has_no_end_is_cut_off(lab_a: Lab, lab_b: Lab, engine: Engine) -> None:
    """Case I177: a hole of 100 GiB, a pipe that nobody writes to, the endless device; and B works all the while."""
    await runs(lab_a, "endless", "mkdir /odd; ln -s /dev/zero /odd/zero; sleep 600")
    root = Path(f"/proc/{(await found(engine, lab_a, 'endless'))['State']['Pid']}/root")
    await asyncio.to_thread(_odd_files, root)
    before = resident()
    async with working(lab_b):
        for path, code, words in (
            ("/hole", 1, "at most 64 MiB"),
            ("/odd", 0, ""),
            ("/odd/pipe", 0, ""),
            ("/dev/zero", 1, "left out in this lab"),
        ):
            started = time.monotonic()
            ran = await docker(lab_a, f"cp endless:{path} - 2>&1 >/dev/null", timeout=60)
            print(f"{path}: {time.monotonic() - started:.1f} s, {ran.output.strip()}")
            assert ran.exit_code == code and words in ran.output, (path, ran)
            assert time.monotonic() - started < ENGINE_SECONDS
    grown = resident() - before
    print(f"the bot has grown by {grown / MIB:.1f} MiB")
    assert grown < GROWN


def _odd_files(root: Path) -> None:
    """Made from outside, since no program inside may: `fsize` bounds its files, and pipes are left out."""
    with (root / "hole").open("wb") as hole:
        os.truncate(hole.fileno(), HUNDRED_GIB)
    os.mkfifo(root / "odd" / "pipe")


async def _is_written(lab: Lab) -> bool:
    return await ok(lab, "exec large sh -c 'cat /big/? | wc -c'") == "60000000"


async def test_an_archive_that_nobody_reads_locks_nothing(
    lab_a: Lab, lab_b: Lab, engine: Engine, host: SandboxHost, settings: Settings
) -> None:
    """The engine answers about that container, its lab can use it, and no chat is told that the engine is gone."""
    gone: list[object] = []
    stop = host.events.listen(lambda event: gone.append(event) if isinstance(event, EngineGone) else None)
    parts = "for part in a b c d; do head -c 15000000 /dev/zero > /big/$part; done"
    container = await runs(lab_a, "large", f"mkdir /big; {parts}; sleep 600")
    await until(lambda: _is_written(lab_a))
    before = resident()
    unread = GET % (container.encode(), b"/big")
    async with working(lab_b), clients(gate_of(settings, lab_a), SPOOLS_OF_LAB + 3, unread):
        await asyncio.sleep(2)
        for _ in range(10):
            started = time.monotonic()
            await engine.inspect(container)
            assert time.monotonic() - started < LIVELY
            assert await ok(lab_a, "exec large echo here") == "here"
        await ok(lab_a, "restart --time 0 large")
    grown = resident() - before
    print(f"the bot has grown by {grown / MIB:.1f} MiB")
    stop()
    assert gone == [] and grown < GROWN
