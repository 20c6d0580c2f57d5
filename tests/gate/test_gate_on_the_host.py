"""What the machine itself shows of a lab's doings: cgroups, listeners, networks, and what a gate's end leaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
from pathlib import Path

import pytest

from deploy.host.temporary import EngineHost
from tests.gate.conftest import IMAGES
from tests.gate.support import A, HandMadeLab, on_engine, opened, raw, status
from tests.gate.world import RawEngine
from tests.guard.cases import Step

pytestmark = pytest.mark.engine

BASE = "diamol/base"
CONTROLLERS = {"memory", "cpu", "cpu,cpuacct", "pids"} if Path("/sys/fs/cgroup/memory").exists() else {""}
"""Version 1 names them one by one; the one of version 2 has no name."""


def _cgroups(pid: str) -> list[str]:
    """The paths of a process's cgroups that are limited."""
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text("utf-8").splitlines()]
    return [path for _, names, path in lines if names in CONTROLLERS]


async def test_a_container_is_in_the_labs_cgroup_whatever_it_asks(lab_a: HandMadeLab, engine_host: EngineHost) -> None:
    """Case D97: read from outside for the container's first process and for an exec's; inside there is only `/`."""
    lab_a.has(BASE)
    asked = ("", "--cgroup-parent=/", "--cgroup-parent=system.slice", "--cgroup-parent=../..", "--cgroupns=host")
    for option in asked:
        ran = await lab_a.docker("run", "-d", *([option] if option else []), "--name", "probe", BASE, "sleep", "600")
        assert ran.code == (125 if option else 0), ran
    await lab_a.ok("exec", "-d", "probe", "sleep", "599")
    found = on_engine(engine_host.socket, "top", f"lab-{A}.probe", "-o", "pid").split()[1:]
    assert len(found) == 2
    for pid in found:
        limited = await asyncio.to_thread(_cgroups, pid)
        assert limited and all(path.startswith(f"{lab_a.owner.cgroup_parent}/") for path in limited), limited
    inside = {
        line.rpartition(":")[2] for line in (await lab_a.ok("exec", "probe", "cat", "/proc/1/cgroup")).splitlines()
    }
    assert inside == {"/"}


def _listeners(namespace: Path | None) -> set[str]:
    """`tcp 0.0.0.0:22`: what listens in the engine's network namespace, or in the machine's own."""
    inside = ("nsenter", f"--net={namespace}") if namespace else ()
    out = subprocess.run((*inside, "ss", "-H", "-ltnu"), check=True, capture_output=True, text=True).stdout
    return {" ".join((line.split()[0], line.split()[4])) for line in out.splitlines()}


async def test_no_published_port_is_listened_on_by_the_machine(lab_a: HandMadeLab, engine_host: EngineHost) -> None:
    """Case H169: neither the engine nor its proxy binds one, in its namespace or in the machine's."""
    lab_a.has(BASE)
    lab_a.has("diamol/ch02-hello-diamol-web")
    before = await asyncio.to_thread(_listeners, engine_host.network_namespace)
    asked = ("-p 22:22", "-p 0.0.0.0:9080:80", "-p 127.0.0.1:5432:5432", "-p 9053:53/udp", "-p 80")
    for number, option in enumerate(asked):
        await lab_a.ok("run", "-d", "--name", f"box{number}", *option.split(), BASE, "sleep", "600")
    await lab_a.ok("run", "-d", "-P", "--name", "all", "diamol/ch02-hello-diamol-web")
    for option in ("-p [::]:80:80", "-p 1-65535:1-65535", "-p 80:80/sctp", "-p 8000-9000:80"):
        assert (await lab_a.docker("run", "-d", *option.split(), BASE, "sleep", "600")).code == 125, option
    assert await asyncio.to_thread(_listeners, engine_host.network_namespace) == before
    here = await asyncio.to_thread(_listeners, None)
    assert not [each for each in here if each.endswith((":9080", ":9053", ":32768", ":32769"))]
    rules = await asyncio.to_thread(_nat, engine_host.network_namespace)
    assert "DNAT" not in rules and "9080" not in rules


def _nat(namespace: Path | None) -> str:
    inside = ("nsenter", f"--net={namespace}") if namespace else ()
    return subprocess.run((*inside, "iptables-save", "-t", "nat"), check=True, capture_output=True, text=True).stdout


async def test_forty_networks_are_a_few_and_leave_addresses_to_others(
    lab_a: HandMadeLab, lab_b: HandMadeLab, engine_host: EngineHost
) -> None:
    """Case H171: asked for at once and one after the other; B's own comes with an address."""
    calls = [json.dumps({"Name": f"net{number}"}).encode() for number in range(40)]
    steps = [Step("POST", "/v1.41/networks/create", body, "application/json").raw for body in calls]
    at_once = await asyncio.gather(*(raw(lab_a.socket, step, timeout=60) for step in steps[:20]))
    later = [await raw(lab_a.socket, step) for step in steps[20:]]
    codes = [status(answer) for answer in (*at_once, *later)]
    assert codes.count(201) == lab_a.owner.limits.networks and codes.count(403) == 40 - lab_a.owner.limits.networks
    of_a = on_engine(engine_host.socket, "network", "ls", "-q", "-f", f"label=dosirak.lab={A}").split()
    assert len(of_a) == lab_a.owner.limits.networks + 1
    await lab_b.ok("network", "create", "mine")
    assert "/" in await lab_b.ok("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "mine")


async def test_a_bridge_that_the_engine_keeps_to_itself_does_not_stop_a_learners_network(
    lab_a: HandMadeLab, engine_host: EngineHost
) -> None:
    """An engine that was killed while it made one keeps the name, and shows it to nobody."""
    kept = ("--opt", f"com.docker.network.bridge.name=lab{A}00")
    forgotten = on_engine(engine_host.socket, "network", "create", *kept, "forgotten")
    try:
        await lab_a.ok("network", "create", "mine")
        assert (await lab_a.ok("network", "ls", "--format", "{{.Name}}")).split() == ["bridge", "mine", "none"]
        shown = ("network", "inspect", f"lab-{A}.mine", "--format", "{{json .Options}}")
        assert json.loads(on_engine(engine_host.socket, *shown))["com.docker.network.bridge.name"] == f"lab{A}01"
    finally:
        on_engine(engine_host.socket, "network", "rm", forgotten)


async def test_what_has_ended_with_rm_is_nobodys(lab_a: HandMadeLab, lab_b: HandMadeLab) -> None:
    """Case F144: its id, a part of it, its name and its execs lead nowhere, also when B has one of that name."""
    for lab in (lab_a, lab_b):
        lab.has(BASE)
    gone = await lab_a.ok("run", "-d", "--rm", "--name", "brief", BASE, "sleep", "600")
    made = Step("POST", f"/v1.41/containers/{gone}/exec", b'{"Cmd":["true"]}', "application/json").raw
    execution = json.loads((await raw(lab_a.socket, made)).partition(b"\r\n\r\n")[2])["Id"]
    await lab_a.ok("kill", "brief")
    async with asyncio.timeout(10):
        while await lab_a.ok("ps", "-aq"):  # noqa: ASYNC110 (the engine removes it, and tells nobody here)
            await asyncio.sleep(0.05)
    theirs = await lab_b.ok("run", "-d", "--name", "brief", BASE, "sleep", "600")
    for name in (gone, gone[:12], "brief", theirs, theirs[:12]):
        for method, path in (("GET", "json"), ("POST", "start"), ("POST", "kill"), ("DELETE", "")):
            target = f"/v1.41/containers/{name}/{path}".rstrip("/")
            assert status(await raw(lab_a.socket, Step(method, target).raw)) == 404, target
    for method, path in (("GET", "json"), ("POST", "start")):
        step = Step(method, f"/v1.41/exec/{execution}/{path}", b"{}" if method == "POST" else None, "application/json")
        assert status(await raw(lab_a.socket, step.raw)) == 404
    assert await lab_b.ok("inspect", "-f", "{{.State.Running}}", "brief") == "true"


async def test_what_a_gate_leaves_in_the_middle_of_a_create_has_its_owner(
    lab_a: HandMadeLab, lab_b: HandMadeLab, engine_host: EngineHost, lab_networks: dict[str, str], tmp_path: Path
) -> None:
    """Case J195: gone at any moment of it; what the engine made all the same is A's by its labels, and never B's."""
    lab_a.has(BASE)
    engine, chance = RawEngine(engine_host.socket), random.Random(195)
    before = {item["Id"] for item in engine.containers()}
    create = Step("POST", "/v1.41/containers/create", json.dumps({"Image": BASE}).encode(), "application/json").raw
    for number in range(10):
        folder = tmp_path / f"gate{number}"
        folder.mkdir()
        async with opened(engine_host.socket, A, lab_networks[A], IMAGES, folder) as brief:
            brief.has(BASE)
            _, writer = await asyncio.open_unix_connection(brief.socket)
            writer.write(create)
            await asyncio.sleep(chance.uniform(0.0, 0.12))
        writer.transport.abort()

    def made() -> dict[str, str]:
        """What the engine has made since, with the lab's name on it: it may still be at it."""
        return {
            item["Id"]: item["Config"]["Labels"]["dosirak.lab"]
            for item in engine.containers()
            if item["Id"] not in before
        }

    sooner, shown, later = made(), (await lab_a.ok("ps", "-aq", "--no-trunc")).split(), made()
    assert set(later.values()) <= {A}
    assert set(sooner) <= set(shown) <= set(later)
    assert await lab_b.ok("ps", "-aq") == ""
    print(f"{len(later)} of 10 creates were made although their gate had gone")


async def test_a_gate_that_goes_takes_its_streams_along(
    lab_a: HandMadeLab, engine_host: EngineHost, lab_networks: dict[str, str], tmp_path: Path
) -> None:
    """Case J195: in the middle of an attach; the program lives on, and the lab's next gate finds it."""
    lab_a.has(BASE)
    identity = await lab_a.ok("run", "-d", "-i", "--name", "held", BASE, "cat")
    async with opened(engine_host.socket, A, lab_networks[A], IMAGES, tmp_path) as brief:
        reader, writer = await asyncio.open_unix_connection(brief.socket)
        target = f"/v1.41/containers/{identity}/attach?stream=1&stdin=1&stdout=1"
        writer.write(f"POST {target} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    assert await lab_a.ok("ps", "-q", "--no-trunc", "-f", "status=running") == identity
