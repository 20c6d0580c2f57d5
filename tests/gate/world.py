"""Two labs at work on a real engine, and the check after every attack: nothing of B changed, nothing of it was seen."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.guard import forced
from tests.gate.support import HandMadeLab, on_engine, raw, settled, status
from tests.guard.cases import Step

BASE = "diamol/base"
CANARY = "canary-of-b-7f3a"
"""Planted in B's environment, labels, arguments and log."""
PATIENCE = 10.0
"""Seconds for an answer to come to its end."""
MOVING = ("ExecIDs", "State")
"""What B's own work changes in its inspect: its execs come and go (its state is compared by its parts)."""


class RawEngine:
    """The engine's own socket, read beside the gate."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, method: str, target: str, body: bytes | None = None) -> tuple[int, Any]:
        """The status and JSON value of an answer."""
        connection = http.client.HTTPConnection("docker", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(30)
        connection.sock.connect(str(self._path))
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data.strip() else None
        finally:
            connection.close()

    def get(self, target: str) -> Any:
        return self.ask("GET", target)[1]

    def containers(self) -> list[dict[str, Any]]:
        found = self.get("/v1.41/containers/json?all=1") or ()
        details = (self.get(f"/v1.41/containers/{item['Id']}/json") for item in found)
        return [item for item in details if "Id" in item]


@dataclass
class World:
    """A attacks, B works. `names` are the corpus's words; `baseline` is all of the engine that is not A's."""

    engine: RawEngine
    a: HandMadeLab
    b: HandMadeLab
    names: dict[str, str]
    kept: frozenset[str] = frozenset()
    baseline: Any = None
    given: bytes = b""
    """Every byte that A has been given since the last check."""
    worked: list[int] = field(default_factory=list)

    def snapshot(self) -> Any:
        """All that is not A's: containers, networks and volumes of B and of anyone else, and every image."""
        containers = [item for item in self.engine.containers() if not self._is_a(item["Config"]["Labels"])]
        networks = [item for item in self.engine.get("/v1.41/networks") if not self._is_a(item["Labels"])]
        volumes = self.engine.get("/v1.41/volumes")["Volumes"] or []
        return (
            sorted((_still(item) for item in containers), key=lambda item: str(item["Id"])),
            sorted((item["Name"], item["Id"], item["Driver"], item["Options"]) for item in networks),
            sorted(item["Name"] for item in volumes if not self._is_a(item["Labels"])),
            sorted((item["Id"], item["RepoTags"]) for item in self.engine.get("/v1.41/images/json")),
        )

    def _is_a(self, labels: dict[str, str] | None) -> bool:
        return (labels or {}).get("dosirak.lab") == self.a.owner.lab

    def traces(self) -> list[str]:
        """Whatever would tell of B: ids whole and short, names, addresses, canaries."""
        b1, networks = self.names["B1"], (self.names["NB"], self.names["NB2"])
        address = next(iter(self.engine.get(f"/v1.41/containers/{b1}/json")["NetworkSettings"]["Networks"].values()))
        ids = [part for identity in (b1, *networks, self.names["EB"]) for part in (identity, identity[:12])]
        return [*ids, self.b.owner.lab, address["IPAddress"], address["MacAddress"], CANARY]

    def leaked(self, sent: bytes) -> list[str]:
        """The traces of B in what A was given, apart from what A said itself."""
        return [trace for trace in self._traces if trace.encode() in self.given and trace.encode() not in sent]

    async def begin(self) -> None:
        self._traces = self.traces()
        self.kept = frozenset(self.names[key] for key in ("A1", "A2", "MOUNTED", "TOOLBOX"))
        self.baseline = self.snapshot()

    async def check(self, sent: bytes) -> list[str]:
        """What is wrong with the world after a case; A's new objects are removed."""
        faults = [f"A was given {trace}" for trace in self.leaked(sent)]
        self.given = b""
        faults += await asyncio.to_thread(self._looked_at)
        await settled(self.a)
        if status(await raw(self.a.socket, b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")) != 200:
            faults.append("the gate does not answer")
        return faults

    def _looked_at(self) -> list[str]:
        """Beside the event loop, in which the gate serves B meanwhile."""
        faults = [] if self.snapshot() == self.baseline else ["what is not A's has changed"]
        own = [item for item in self.engine.containers() if self._is_a(item["Config"]["Labels"])]
        faults += [f"{item['Name']}: {fault}" for item in own for fault in self.dangers(item)]
        for item in own:
            if item["Id"] not in self.kept:
                self.engine.ask("DELETE", f"/v1.41/containers/{item['Id']}?force=1&v=1")
        self._remove_new_volumes()
        return faults

    def _remove_new_volumes(self) -> None:
        keep = {f"{self.a.owner.prefix}data"}
        for item in self.engine.get("/v1.41/volumes")["Volumes"] or []:
            if self._is_a(item["Labels"]) and item["Name"] not in keep:
                self.engine.ask("DELETE", f"/v1.41/volumes/{item['Name']}")

    def dangers(self, item: dict[str, Any]) -> list[str]:
        """Where a container of A's on the engine is not behind the forced settings."""
        if item["Id"] == self.names["TOOLBOX"]:
            return []
        host, owner = item["HostConfig"], self.a.owner
        bounded = ("Memory", "MemorySwap", "NanoCpus", "PidsLimit")
        wanted = {key: value for key, value in forced.host_config(owner).items() if key not in bounded}
        faults = [
            f"{key} is {host.get(key)}" for key, value in wanted.items() if (host.get(key) or None) != (value or None)
        ]
        faults += [key for key in bounded if not 0 < (host[key] or 0) <= forced.host_config(owner)[key]]
        faults += [f"{key} is there" for key in ("Devices", "Sysctls", "ExtraHosts", "Links") if host.get(key)]
        faults += [f"a capability {name}" for name in host["CapAdd"] or () if name not in forced.CAPABILITIES]
        sources = [mount.get("Name", "") for mount in item["Mounts"] if mount["Type"] != "tmpfs"]
        faults += [f"a mount of {name}" for name in sources if not name or name.startswith(self.b.owner.prefix)]
        networks = {self.names["NA"], self.names["NA2"], "none"}
        return faults + ([] if host["NetworkMode"] in networks else ["a foreign network"])


def _still(item: dict[str, Any]) -> dict[str, Any]:
    """An inspected container without what moves by itself."""
    state = {key: item["State"][key] for key in ("Status", "Pid", "StartedAt", "ExitCode")}
    return {key: value for key, value in item.items() if key not in MOVING} | {"state": state}


async def furnished(engine: Path, a: HandMadeLab, b: HandMadeLab) -> World:
    """Both labs with their objects: A's `web`, `db`, `mounted`, and a toolbox; B's work with canaries everywhere."""
    there = RawEngine(engine)
    for lab in (a, b):
        lab.has(BASE)
    await b.ok("volume", "create", "data")
    names = {"LA": a.owner.lab, "LB": b.owner.lab, "NA": a.owner.network, "NB": b.owner.network}
    names["NB2"] = await b.ok("network", "create", "--label", f"note={CANARY}", "back")
    told = ("-e", f"SECRET={CANARY}", "--label", f"note={CANARY}", "-v", "data:/data", "-p", "8088:80")
    script = f"echo {CANARY}; sleep 600"
    names["B1"] = await b.ok("run", "-d", "--name", "shop", *told, BASE, "sh", "-c", script)
    await a.ok("volume", "create", "data")
    names["NA2"] = await a.ok("network", "create", "back")
    names["A1"] = await a.ok("run", "-d", "--name", "web", BASE, "sleep", "600")
    names["A2"] = await a.ok("create", "--name", "db", BASE, "sleep", "600")
    names["MOUNTED"] = await a.ok("run", "-d", "--name", "mounted", "-v", "data:/data", BASE, "sleep", "600")
    labels = ("--label", f"dosirak.lab={a.owner.lab}", "--label", "dosirak.role=toolbox")
    names["TOOLBOX"] = on_engine(engine, "run", "-d", *labels, "--network", f"lab-{a.owner.lab}", BASE, "sleep", "600")
    for key, container in (("EA", names["A1"]), ("EB", names["B1"]), ("ET", names["TOOLBOX"])):
        _, made = there.ask("POST", f"/v1.41/containers/{container}/exec", b'{"Cmd":["true"]}')
        names[key] = made["Id"]
    for key, image in (("IA", BASE), ("IB", "dosirak/toolbox")):
        names[key] = there.get(f"/v1.41/images/{image}/json")["Id"]
        names[f"{key}HEX"] = names[key].removeprefix("sha256:")
    names |= {"VB": f"{b.owner.prefix}data", "NOPE": "8" * 64, "BASE": BASE, "BASEFILE": "/etc/hostname"}
    names["MEMORY"] = str(a.owner.limits.container_memory)
    world = World(there, a, b, names)
    await world.begin()
    return world


async def work(world: World) -> None:
    """B's own day: it looks at its container and runs something in it, over and over."""
    while True:
        answer, _ = await exchanged(world.b, Step("GET", "/v1.41/containers/shop/json"))
        ran = await world.b.docker("exec", "shop", "echo", "works")
        world.worked.append(status(answer) if ran.out == "works\n" else 0)
        await asyncio.sleep(0.5)


async def exchanged(lab: HandMadeLab, step: Step) -> tuple[bytes, bool]:
    """The answer to a step, and whether it came to an end in time."""
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    answer, ended = b"", False
    try:
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(PATIENCE):
                writer.write(step.raw)
                await writer.drain()
                while data := await reader.read(65536):
                    answer += data
                ended = True
    finally:
        writer.transport.abort()
    return answer, ended
