"""Floods of what makes the engine start programs or keep things: paced for each lab, and the engine stays small."""

from __future__ import annotations

import socket
import struct
import time
from collections import Counter
from shlex import quote

import pytest

from bot.guard.owner import Limits
from bot.sandbox.engine import Engine
from bot.sandbox.gate.paces import COSTLY, COSTLY_SECONDS
from bot.sandbox.lab import Lab
from tests.abuse.kit import BASE, MIB, resident, runs, working

pytestmark = pytest.mark.engine

SECONDS = 8.0
AT_ONCE = 16

CURL = """curl --silent --unix-socket /var/run/docker.sock --write-out '%{http_code}\\n' --output /dev/null"""
JSON = "--header 'Content-Type: application/json' --data"


def engine_pid(engine: Engine) -> int:
    """Who listens at the engine's socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(engine.socket_path))
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0])


async def flood(lab: Lab, command: str, times: int) -> tuple[Counter[str], float]:
    """Run a command again and again, many at a time, until the time is over; the codes, and how long it took."""
    started = time.monotonic()
    done = await lab.run_script(
        f"seq {times} | timeout {SECONDS:g} xargs -P {AT_ONCE} -I @ sh -c {quote(command)} 2>/dev/null; true",
        timeout=60,
    )
    return Counter(done.output.split()), time.monotonic() - started


async def test_ten_thousand_execs_are_few_for_the_engine(lab_a: Lab, lab_b: Lab, engine: Engine) -> None:
    """Case J186: created and never started. As many as a container may have; the rest asks in turn and is refused."""
    await runs(lab_a, "spin", "sleep 1000")
    before = resident(engine_pid(engine))
    async with working(lab_b):
        codes, took = await flood(
            lab_a, f'{CURL} {JSON} \'{{"Cmd":["true"]}}\' http://lab/containers/spin/exec', 10_000
        )
    grown = resident(engine_pid(engine)) - before
    print(f"{codes.total()} calls in {took:.1f} s: {dict(codes)}; the engine has grown by {grown / MIB:.1f} MiB")
    assert codes["201"] == Limits().execs and codes.keys() <= {"201", "403"}
    assert COSTLY < codes.total() <= COSTLY + took / COSTLY_SECONDS
    assert grown < 64 * MIB


async def test_a_thousand_containers_that_come_and_go_are_few_for_the_engine(
    lab_a: Lab, lab_b: Lab, engine: Engine
) -> None:
    """Case J187: made and removed in a loop; the lab has no more than it may, and the engine no more than before."""
    create = f'{CURL} {JSON} \'{{"Image":"{BASE}","Cmd":["true"]}}\' \'http://lab/containers/create?name=churn@\''
    remove = f"{CURL} --request DELETE http://lab/containers/churn@"
    before = resident(engine_pid(engine))
    async with working(lab_b):
        codes, took = await flood(lab_a, f"{create}; {remove}", 1_000)
    grown = resident(engine_pid(engine)) - before
    print(f"{codes.total()} calls in {took:.1f} s: {dict(codes)}; the engine has grown by {grown / MIB:.1f} MiB")
    assert 0 < codes["201"] <= COSTLY + took / COSTLY_SECONDS
    assert len(await lab_a.containers()) <= Limits().containers
    assert grown < 64 * MIB
