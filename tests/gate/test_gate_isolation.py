"""Two labs on one engine: A attacks, B works; nothing of B is seen, changed, or named."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from deploy.host.temporary import EngineHost
from tests.gate.support import HandMadeLab, on_engine

pytestmark = pytest.mark.engine

BASE = "diamol/base"
CANARY = "canary-of-b-7f3a"


@pytest.fixture
async def victim(lab_b: HandMadeLab) -> dict[str, str]:
    """B's work: a container with canaries everywhere, a network, a volume; their ids."""
    lab_b.has(BASE)
    await lab_b.ok("volume", "create", "data")
    network = await lab_b.ok("network", "create", "--label", f"note={CANARY}", "back")
    words = (
        "--name",
        "web",
        "-e",
        f"SECRET={CANARY}",
        "--label",
        f"note={CANARY}",
        "-v",
        "data:/data",
        "-p",
        "8088:80",
    )
    container = await lab_b.ok("run", "-d", *words, BASE, "sh", "-c", f"echo {CANARY}; sleep 600")
    return {"container": container, "network": network}


def snapshot(engine: EngineHost, lab: str) -> Any:
    """What the engine says about a lab, without what moves by itself."""
    ids = on_engine(engine.socket, "ps", "-aq", "--no-trunc", "-f", f"label=dosirak.lab={lab}").split()
    details = json.loads(on_engine(engine.socket, "inspect", *ids)) if ids else []
    volumes = on_engine(engine.socket, "volume", "ls", "-q", "-f", f"label=dosirak.lab={lab}")
    networks = on_engine(engine.socket, "network", "ls", "-q", "-f", f"label=dosirak.lab={lab}")
    return details, volumes, networks


async def test_a_lab_neither_sees_nor_touches_another(
    lab_a: HandMadeLab, lab_b: HandMadeLab, victim: dict[str, str], engine_host: EngineHost
) -> None:
    """Sections F, H and I through the official CLI: every way of naming B's objects looks like a missing one."""
    lab_a.has(BASE)
    # From now on: in tests before, this lab called things of its own after the other one's.
    started = int(time.time()) + 1
    await asyncio.sleep(1)
    await lab_a.ok("run", "-d", "--name", "mine", BASE, "sleep", "600")
    before = snapshot(engine_host, lab_b.owner.lab)
    said = ""
    for name in (
        victim["container"],
        victim["container"][:12],
        victim["container"][:4],
        f"lab-{lab_b.owner.lab}.web",
        "web",
    ):
        for words in (
            ("inspect", name),
            ("logs", name),
            ("top", name),
            ("exec", name, "id"),
            ("attach", "--no-stdin", name),
            ("stop", name),
            ("kill", name),
            ("rm", "-f", name),
            ("rename", name, "stolen"),
            ("cp", f"{name}:/etc/hostname", "/tmp/stolen"),
            ("diff", name),
            ("update", "--restart", "no", name),
            ("network", "connect", "bridge", name),
            ("wait", name),
        ):
            ran = await lab_a.docker(*words)
            assert ran.code != 0 or words[0] == "rm", words
            said += (ran.out + ran.err).replace(name, "")
    for network in (victim["network"], f"lab-{lab_b.owner.lab}", f"lab-{lab_b.owner.lab}.back", lab_b.owner.network):
        for words in (
            ("network", "inspect", network),
            ("network", "connect", network, "mine"),
            ("network", "rm", network),
        ):
            ran = await lab_a.docker(*words)
            assert ran.code != 0, words
            said += (ran.out + ran.err).replace(network, "")
    for words in (
        ("ps", "-a", "--no-trunc"),
        ("network", "ls", "--no-trunc"),
        ("volume", "ls"),
        ("system", "df", "-v"),
        ("info",),
    ):
        said += await lab_a.ok(*words)
    said += await lab_a.ok("events", "--since", str(started), "--until", "0s")
    said += await lab_a.ok("system", "prune", "--force", "--volumes")
    traces = (CANARY, lab_b.owner.lab, *(identity[:12] for identity in victim.values()), lab_b.owner.network[:12])
    assert not [trace for trace in traces if trace in said]
    assert snapshot(engine_host, lab_b.owner.lab) == before


async def test_both_labs_may_use_the_same_names_and_ports(lab_a: HandMadeLab, victim: dict[str, str]) -> None:
    """Case F132: names and ports belong to a lab."""
    lab_a.has(BASE)
    await lab_a.ok("volume", "create", "data")
    await lab_a.ok("run", "-d", "--name", "web", "-p", "8088:80", "-v", "data:/data", BASE, "sleep", "600")
    assert await lab_a.ok("run", "--rm", "-v", "data:/data", BASE, "ls", "/data") == ""
    assert await lab_a.ok("port", "web") == "80/tcp -> 0.0.0.0:8088"


async def test_roles_other_than_learner_are_invisible(lab_a: HandMadeLab, engine_host: EngineHost) -> None:
    """Cases F141, K204: a lab cannot see, stop or remove its own toolbox, nor start an exec in it."""
    labels = ("--label", f"dosirak.lab={lab_a.owner.lab}", "--label", "dosirak.role=toolbox")
    network = ("--network", f"lab-{lab_a.owner.lab}")
    toolbox = on_engine(
        engine_host.socket, "run", "-d", "--name", "toolbox-test", *labels, *network, BASE, "sleep", "600"
    )
    try:
        lab_a.has(BASE)
        for name in (toolbox, toolbox[:12], "toolbox-test"):
            for words in (("stop", name), ("rm", "-f", name), ("exec", name, "id"), ("inspect", name)):
                assert "No such" in (await lab_a.docker(*words)).err, words
        seen = await lab_a.ok("ps", "-aq") + await lab_a.ok("network", "inspect", "bridge")
        assert toolbox[:12] not in seen and "toolbox" not in seen
        await lab_a.ok("system", "prune", "-f")
        assert on_engine(engine_host.socket, "inspect", "-f", "{{.State.Running}}", toolbox) == "true"
    finally:
        on_engine(engine_host.socket, "rm", "-f", toolbox)


async def test_a_container_runs_behind_every_forced_setting(lab_a: HandMadeLab, engine_host: EngineHost) -> None:
    """Section 4 on the engine itself, and as a process inside sees it (case K200)."""
    lab_a.has(BASE)
    identity = await lab_a.ok(
        "run", "-d", "--name", "probe", "-p", "80:80", "--tmpfs", "/scratch:size=1m", BASE, "sleep", "600"
    )
    (item,) = json.loads(on_engine(engine_host.socket, "inspect", identity))
    host = item["HostConfig"]
    assert host["CapDrop"] == ["ALL"] and host["SecurityOpt"] == ["no-new-privileges:true"] and not host["Privileged"]
    assert host["PortBindings"] == {} and host["CgroupParent"] == lab_a.owner.cgroup_parent and not host["Binds"]
    assert host["NetworkMode"] == lab_a.owner.network and host["LogConfig"]["Type"] == "local"
    assert host["Memory"] == host["MemorySwap"] == lab_a.owner.limits.container_memory
    status = await lab_a.ok("exec", "probe", "cat", "/proc/self/status")
    found = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2" and int(found["CapEff"], 16) == 0x4FB
    assert "lab-" not in await lab_a.ok("exec", "probe", "cat", "/etc/hosts")
