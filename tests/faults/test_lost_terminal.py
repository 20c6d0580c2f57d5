"""An engine that comes back without a terminal that it had: the next line finds a new shell, not silence."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bot.errors import EngineError
from bot.identity import LabId
from deploy.host.engine import dockerd_daemon
from deploy.host.engine_api import answers
from deploy.host.execs import readers
from deploy.host.leftovers import CGROUPS
from deploy.host.places import Places
from deploy.host.temporary import EngineHost
from tests.e2e.house import House
from tests.faults.engine import FragileEngine
from tests.faults.test_engine_faults import engine, home
from tests.sandbox.kit import eventually, reading, sandbox

__all__ = ("engine", "home")
pytestmark = pytest.mark.engine


async def test_a_terminal_that_the_engine_lost_is_replaced(
    home: House, engine: FragileEngine, lone_engine: EngineHost
) -> None:
    """dockerd dies while a check is being started, and a plain start of it does not get the terminal back."""
    places = Places.of(lone_engine.state)
    async with sandbox(home.settings) as host:
        lab = await host.labs.open(LabId(secrets.token_hex(5)))
        async with reading(lab) as shell:
            await shell.sees("\x1b]133;B\x07")
            with slowed_down(lab.id):
                check = asyncio.ensure_future(lab.run_script("true"))  # noqa: TID251 - awaited below
                await eventually(lambda: starts_a_command(places))
                engine.die()
            with suppress(EngineError):
                await check
            await eventually(lambda: not starts_a_command(places))
            (places.run / "dockerd.pid").unlink(missing_ok=True)
            dockerd_daemon(places).start()
            await eventually(lambda: answers(places.engine_socket))
            with readers(places):  # The shim would take half a minute to give up by itself.
                await eventually(lambda: shell.ended != [])
            await lab.shell.open()
            await shell.runs("echo a new shell")
        assert shell.ended == [137]


async def test_the_first_script_after_the_engine_has_died_and_come_back_runs(
    home: House, engine: FragileEngine
) -> None:
    """The bash that waited for it is not known any more."""
    async with sandbox(home.settings) as host:
        lab = await host.labs.open(LabId(secrets.token_hex(5)))
        assert (await lab.run_script("echo first")).output == "first\n"
        engine.die()
        await engine.come_back()
        assert (await lab.run_script("echo second")).output == "second\n"


@contextmanager
def slowed_down(lab: LabId) -> Iterator[None]:
    """One hundredth of a processor for a lab's containers: what is started in one takes seconds."""
    groups = [(CGROUPS / "cpu", "cpu.cfs_quota_us", "1000", "-1"), (CGROUPS, "cpu.max", "1000 100000", "max 100000")]
    files = [(path, slow, full) for root, name, slow, full in groups for path in root.glob(f"*/{lab}/*/{name}")]
    for path, slow, _ in files:
        path.write_text(slow)
    yield
    for path, _, full in files:
        path.write_text(full)


def starts_a_command(places: Places) -> bool:
    """Whether the engine's runc is at work on an exec."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().decode(errors="replace").split("\0")
            if Path(words[0]).name == "runc" and "exec" in words and places.name in str(words):
                return True
    return False
