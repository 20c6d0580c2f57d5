"""What does not want to end, or is never read: bounded in time, in memory and in descriptors."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.guard.owner import Limits
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.settings import Settings
from tests.abuse.kit import BASE, MIB, docker, ok, resident, runs, working

pytestmark = pytest.mark.engine

ATTACH = (
    b"POST /v1.41/containers/%s/attach?stream=1&stdout=1 HTTP/1.1\r\n"
    b"Host: lab\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n"
)
PING = b"GET /_ping HTTP/1.1\r\nHost: lab\r\n\r\n"


@asynccontextmanager
async def clients(path: Path, number: int, request: bytes = b"") -> AsyncIterator[list[socket.socket]]:
    """Connections that send a request and then do nothing."""
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(number)]
        for one in sockets:
            one.setblocking(False)
            await loop.sock_connect(one, str(path))
            # The gate, which lives in this process, has its turn to accept: its queue is shorter than a flood.
            await asyncio.sleep(0)
            if request:
                await loop.sock_sendall(one, request)
        yield sockets


FLOOD = 300


def gate_of(settings: Settings, lab: Lab) -> Path:
    return settings.state / "labs" / lab.id / "docker.sock"


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_restart_loop_is_refused_or_ends(lab_a: Lab) -> None:
    """Case J190: no container starts again for ever."""
    for policy in ("always", "unless-stopped", "on-failure:100"):
        refused = await docker(lab_a, f"run --detach --restart {policy} {BASE} false")
        assert refused.exit_code == 125 and "restart" in refused.output, (policy, refused)
    assert await ok(lab_a, "ps --all --quiet") == ""


async def test_a_paused_container_goes_at_once(lab_a: Lab, lab_b: Lab) -> None:
    """Case J191: it answers nothing, so that nothing may wait for it; what follows it ends with it."""
    await runs(lab_a, "frozen", "while :; do echo here; sleep 1; done")
    await ok(lab_a, "pause frozen")
    follow = " & ".join(f"timeout 20 docker {words} > /dev/null" for words in ("logs -f frozen", "wait frozen"))
    async with working(lab_b), asyncio.TaskGroup() as group:
        started = time.monotonic()
        for words in ("exec frozen true", "attach --no-stdin frozen", "pause frozen"):
            assert (await docker(lab_a, words)).exit_code == 1, words
        for words in ("inspect frozen", "top frozen", "logs --tail 1 frozen", "stats --no-stream frozen"):
            await ok(lab_a, words)
        following = group.create_task(lab_a.run_script(f"{follow} & wait"))
        await docker(lab_a, "stop --time 1 frozen")
        await ok(lab_a, "rm --force frozen")
        assert (await following).exit_code == 0
        assert time.monotonic() - started < 15


async def test_output_that_nobody_reads_stays_where_it_is(lab_a: Lab, lab_b: Lab, settings: Settings) -> None:
    """Neither the bot's memory nor the engine's answers to others feel it."""
    container = await runs(lab_a, "talks", "sleep 2; yes 0123456789012345678901234567890123456789")
    before = resident()
    async with working(lab_b):
        await lab_a.shell.write(b"yes\n")
        async with clients(gate_of(settings, lab_a), Limits().streams, ATTACH % container.encode()):
            await asyncio.sleep(5)
        grown = resident() - before
        print(f"the bot has grown by {grown / MIB:.1f} MiB")
        assert grown < 32 * MIB
    await lab_a.shell.write(b"\x03")


async def test_connections_are_counted(lab_a: Lab, lab_b: Lab, settings: Settings) -> None:
    """Case J194: a flood of them takes no more descriptors than the lab may have, and the gate lives on."""
    before = descriptors()
    async with working(lab_b), clients(gate_of(settings, lab_a), FLOOD):
        await asyncio.sleep(1)
        # One end of each is this test's own.
        assert descriptors() - before - FLOOD < 2 * Limits().connections
    async with clients(gate_of(settings, lab_a), 1, PING) as (client,):
        assert (await asyncio.get_running_loop().sock_recv(client, 12)) == b"HTTP/1.1 200"


async def test_a_lab_closes_while_it_makes_more(lab_a: Lab, lab_b: Lab, host: SandboxHost) -> None:
    """Case J197: nothing of it is left, however fast it creates; stubborn, frozen and busy containers go with it."""
    await runs(lab_a, "stubborn", 'trap "" TERM; while :; do sleep 1000; done')
    await runs(lab_a, "frozen", "sleep 1000")
    await ok(lab_a, "pause frozen")
    await runs(lab_a, "bomb", "f() { f | f & }; f; sleep 1000")
    await lab_a.shell.write(f"while :; do docker create {BASE} true; docker volume create; done\n".encode())
    async with working(lab_b):
        await asyncio.sleep(1)
        started = time.monotonic()
        closed = await host.labs.close(lab_a.id)
        print(f"closed in {time.monotonic() - started:.1f} s: {closed}")
        assert closed.containers >= 3 and lab_a.id not in await host.labs.found()


async def test_a_shell_whose_streams_are_all_taken_is_told_so(lab_a: Lab, settings: Settings) -> None:
    """The process that asked is known from outside its container, so that no other one is told instead."""
    container = await runs(lab_a, "talks", "sleep 600")
    async with clients(gate_of(settings, lab_a), Limits().streams, ATTACH % container.encode()) as taken:
        for one in taken:
            assert (await asyncio.get_running_loop().sock_recv(one, 12)) == b"HTTP/1.1 101"
        for words, code in (("attach talks", 1), (f"run --rm {BASE} true", 125), ("exec talks true", 126)):
            refused = await docker(lab_a, words)
            assert refused.exit_code == code and "this lab follows as many streams as it may" in refused.output, refused
    assert await ok(lab_a, "ps --all --format '{{.Names}}'") == "talks"
