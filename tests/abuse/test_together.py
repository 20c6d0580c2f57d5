"""A does everything at once that exhausts a host; B's work stays quick, and each offender meets its own bound."""

from __future__ import annotations

import asyncio

import pytest

from bot.guard.owner import Limits
from bot.sandbox.engine import Engine
from bot.sandbox.lab import Lab
from bot.sandbox.measure import sizes
from bot.settings import Settings
from tests.abuse import cgroups
from tests.abuse.kit import BASE, MIB, docker, found, ok, resident, root_of, runs, until, working

pytestmark = pytest.mark.engine

LOG_FILES = 2
"""Of a megabyte each: what the gate forces."""

TMPFS = " ".join(f"--tmpfs /{name}" for name in "abcde")
FILL = "for i in a b c d e; do n=0; while dd if=/dev/zero of=/$i/$n bs=1M count=16; do n=$((n + 1)); done; done"
"""No file may be larger."""
"""Five times 32 MiB: more than a container's memory."""

CREATE_EXEC = """curl --silent --unix-socket /var/run/docker.sock --write-out '%{http_code}\\n' --output /dev/null \
    --header 'Content-Type: application/json' --data '{"Cmd":["true"]}' http://lab/containers/spin/exec"""


async def test_offenders_meet_their_bounds_while_the_other_lab_works(
    lab_a: Lab, lab_b: Lab, settings: Settings, engine: Engine
) -> None:
    """Cases J180, J181, J185, J186, J187, J192, all at the same time: forks, memory, loops, floods of all kinds."""
    before = resident()
    async with working(lab_b):
        await runs(lab_a, "stubborn", 'trap "" TERM; while :; do sleep 1000; done')
        await runs(lab_a, "bomb", "f() { f | f & }; f; sleep 1000")
        await runs(lab_a, "hog", "tail /dev/zero")
        await runs(lab_a, "shm", "for i in 1 2 3 4 5; do dd if=/dev/zero of=/dev/shm/$i bs=1M; done; sleep 1000")
        await runs(lab_a, "tmpfs", FILL, options=TMPFS)
        await runs(lab_a, "spin", "for i in 1 2 3 4; do while :; do :; done & done; wait")
        await runs(lab_a, "log", "yes 0123456789012345678901234567890123456789")
        await runs(lab_a, "again", "false", options="--restart on-failure:3")
        stop, execs, creates, networks, never_started = await asyncio.gather(
            docker(lab_a, "stop --time 100000 stubborn"),
            lab_a.run_script("for i in $(seq 30); do docker exec --detach spin sleep 1000; done"),
            lab_a.run_script(f"for i in $(seq 20); do docker create {BASE} true; done | xargs docker rm", timeout=40),
            lab_a.run_script("seq 10 | xargs -P 10 -I @ docker network create net@"),
            lab_a.run_script(f"seq 40 | xargs -P 8 -I @ {CREATE_EXEC}"),
        )
        await ok(lab_b, "network create mine")
    spinning = await found(engine, lab_a, "spin")
    assert stop.exit_code == 0, stop
    assert "exec sessions" in execs.output and len(spinning["ExecIDs"]) <= Limits().execs
    assert 0 < never_started.output.count("201") <= Limits().execs
    assert "this lab is full" in creates.output, creates
    assert networks.output.count("networks") >= 10 - Limits().networks, networks
    await _bounded(lab_a, settings, engine)
    assert resident() - before < 32 * MIB


async def _bounded(lab: Lab, settings: Settings, engine: Engine) -> None:
    """Each offender met the bound that is meant for it."""
    processes = cgroups.processes(settings, lab)
    assert max(processes.values()) <= settings.container_pids
    assert sum(processes.values()) <= settings.lab_pids
    assert "can't fork" in await ok(lab, "logs --tail 5 bomb")
    for name in ("hog", "tmpfs"):
        assert (await found(engine, lab, name))["State"]["OOMKilled"], name
    assert "No space left" in await ok(lab, "logs shm")
    assert (await found(engine, lab, "again"))["RestartCount"] == 3
    log = await root_of(engine) / "containers" / (await found(engine, lab, "log"))["Id"]

    async def is_long() -> bool:
        return (await sizes([log]))[log] > MIB

    await until(is_long)
    assert (await sizes([log]))[log] < (LOG_FILES + 1) * MIB


async def test_containers_within_their_limits_do_not_exceed_the_labs(
    lab_a: Lab, lab_b: Lab, settings: Settings, engine: Engine
) -> None:
    """Case J182: a limit for each is none for many. The lab's own counts; a container is what ends, not the shell."""
    toolbox = (await engine.inspect(f"toolbox-{lab_a.id}"))["State"]["StartedAt"]
    each = settings.container_memory_mib * 3 // 4
    parts = f"for n in $(seq {each // 16}); do test $n -le 4 && d=/dev/shm || d=/a"
    fill = f"{parts}; dd if=/dev/zero of=$d/$n bs=1M count=16; done; sleep 1000"
    many = settings.lab_memory_mib // each + 2

    async def is_full() -> bool:
        return cgroups.peak_memory(settings, lab_a) > 0.95 * settings.lab_memory_mib * MIB

    async with working(lab_b):
        for number in range(many):
            await docker(lab_a, f"run --detach --name m{number} --tmpfs /a {BASE} sh -c '{fill}'")
        await until(is_full)
    # The kernel's own count may be a few pages over.
    assert cgroups.peak_memory(settings, lab_a) < (settings.lab_memory_mib + 1) * MIB
    assert (await lab_a.run_script("docker rm --force m0")).exit_code == 0
    assert (await engine.inspect(f"toolbox-{lab_a.id}"))["State"]["StartedAt"] == toolbox
