"""Files of a container that the engine itself opens and reads: neither endless, nor such that it waits for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from deploy.host.temporary import EngineHost
from tests.abuse.kit import BASE, MIB, docker, ok, resident, runs, working

pytestmark = pytest.mark.engine

AT_ONCE = 4
"""Execs of one learner at the same moment."""
FITTING, LINES_COST = 8_000_000, 20
"""Bytes of lines that the engine keeps, and how many it takes for one of them."""
NAMES = ("one", "two", "three", "four", "five", "six")


@asynccontextmanager
async def engine_memory(engine_host: EngineHost) -> AsyncIterator[list[int]]:
    """How many bytes the engine holds, looked at every few milliseconds."""
    pid = int((engine_host.socket.parent / "engine.pid").read_text())
    seen = [resident(pid)]

    async def look() -> None:
        while True:
            seen.append(resident(pid))
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(look())
        yield seen
        task.cancel()


@pytest.mark.parametrize(
    ("file", "command"),
    [("/etc/hosts", "network connect back wide"), ("/etc/group", "exec --user 0 wide true")],
)
async def test_a_hole_in_a_file_is_not_the_engines_memory(
    lab_a: Lab, lab_b: Lab, engine_host: EngineHost, file: str, command: str
) -> None:
    """Cases L205, L206: it takes no room on the disk, so no watchdog would see it."""
    await runs(lab_a, "wide", f"truncate -s 100G {file}; truncate -s 16M {file}; sleep 1000")
    await ok(lab_a, "network create back")
    await asyncio.sleep(0.5)
    async with working(lab_b), engine_memory(engine_host) as seen:
        await lab_a.run_script(f"for n in $(seq {AT_ONCE}); do docker {command} & done; wait", timeout=60)
    print(f"{file}: the engine grew by {(max(seen) - seen[0]) / MIB:.0f} MiB")
    assert max(seen) - seen[0] < AT_ONCE * 4 * 16 * MIB
    await ok(lab_a, "rm --force wide")


async def test_lines_that_all_fit_are_read_one_file_at_a_time(lab_a: Lab, lab_b: Lab, engine_host: EngineHost) -> None:
    """Case L206: the engine keeps each line, twenty times as large as it is; from how many execs it does not matter."""
    lines = f"yes a:x:1:root | head -c {FITTING} > /etc/group; touch /ready; sleep 1000"
    for name in NAMES:
        await runs(lab_a, name, lines)
        await ok(lab_a, f"exec {name} sh -c 'until test -e /ready; do sleep 0.1; done'")
    async with working(lab_b), engine_memory(engine_host) as seen:
        execs = " ".join(f"docker exec --user 0:1 {name} true &" for name in NAMES)
        await lab_a.run_script(f"{execs} wait", timeout=90)
    print(f"the engine grew by {(max(seen) - seen[0]) / MIB:.0f} MiB")
    assert max(seen) - seen[0] < 0.5 * len(NAMES) * LINES_COST * FITTING


@pytest.mark.parametrize("file", ["/etc/passwd", "/etc/group"])
async def test_no_file_keeps_the_engine_waiting(lab_a: Lab, lab_b: Lab, host: SandboxHost, file: str) -> None:
    """Case L207: a pipe that nobody writes to would hold the container's lock for ever, also when the lab closes."""
    script = f"mv {file} /old; mkfifo {file} || mknod {file} p || cp /old {file}; sleep 1000"
    await runs(lab_a, "waits", script, options="--restart on-failure:3")
    async with working(lab_b):
        started = time.monotonic()
        for words in ("exec waits true", "inspect waits", "restart --time 0 waits", "rm --force waits"):
            assert (await docker(lab_a, words)).exit_code == 0, words
        assert (await lab_a.run_script(f"mkfifo {file}")).exit_code != 0
        await host.labs.close(lab_a.id)
        assert time.monotonic() - started < 20


async def test_a_commands_own_words_do_not_stand_in_for_the_filters(lab_a: Lab) -> None:
    """Case L207: in the container's configuration they come first, and look like the words that are taken out."""
    made = await docker(lab_a, f"run --rm {BASE} sh -c 'mkfifo /tmp/pipe' mknod mknodat mlock")
    assert made.exit_code != 0 and "not permitted" in made.output
