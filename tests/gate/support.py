"""Two labs made by hand, a gate for each, the official CLIs on it, and a recording fake engine for raw bytes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.guard import Owner
from bot.identity import LabId
from bot.sandbox.cgroups import Cgroups
from bot.sandbox.gate import Gate
from bot.sandbox.gate.protocols import Freezer
from bot.sandbox.gate.spool import Spools
from bot.sandbox.turns import Turns

CLIS = tuple(sorted({path for path in ("/usr/local/bin/docker", "/usr/bin/docker") if Path(path).exists()}))
"""Every official CLI of this machine: the promise is about old and new ones."""
A, B = LabId("a0a0a0a0a0"), LabId("b1b1b1b1b1")


class Shelf:
    """An image shelf in memory."""

    def __init__(self) -> None:
        self.held: dict[str, set[str]] = {}

    async def references(self, lab: LabId) -> frozenset[str]:
        return frozenset(self.held.get(lab, ()))

    async def add(self, lab: LabId, reference: str) -> None:
        self.held.setdefault(lab, set()).add(reference)

    async def remove(self, lab: LabId, reference: str) -> None:
        self.held.get(lab, set()).discard(reference)


class Observer:
    """Remembers what the gate told."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str]] = []
        self.gone: list[tuple[str, str]] = []
        self.codes: list[str] = []

    async def container_started(self, lab: LabId, container_id: str) -> None:
        self.started.append((lab, container_id))

    async def container_gone(self, lab: LabId, container_id: str) -> None:
        self.gone.append((lab, container_id))

    def refused(self, lab: LabId, code: str) -> None:
        self.codes.append(code)


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass
class HandMadeLab:
    """One lab and its gate, as the sandbox host would make them."""

    owner: Owner
    gate: Gate
    socket: Path
    observer: Observer
    shelf: Shelf

    async def docker(self, *words: str, cli: str = CLIS[-1], stdin: bytes | None = b"", timeout: float = 60) -> Ran:
        """The official CLI with this lab's socket. HOME is empty, so no configuration of the machine counts."""
        environment = {
            "DOCKER_HOST": f"unix://{self.socket}",
            "HOME": str(self.socket.parent),
            "PATH": os.environ["PATH"],
        }
        process = await asyncio.create_subprocess_exec(
            cli,
            *words,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(timeout):
            out, err = await process.communicate(stdin)
        return Ran(process.returncode or 0, out.decode(), err.decode())

    def has(self, image: str) -> None:
        """Put an image that the engine holds on the lab's shelf, as if it had been pulled."""
        self.shelf.held.setdefault(self.owner.lab, set()).add(f"{image}:latest")

    async def emptied(self) -> None:
        """Remove all that a test left in the lab."""
        if found := (await self.ok("ps", "-aq")).split():
            await self.ok("rm", "--force", "--volumes", *found)
        await self.ok("system", "prune", "--force", "--volumes")

    async def ok(self, *words: str, cli: str = CLIS[-1], stdin: bytes | None = b"") -> str:
        """The output of a command that must succeed."""
        ran = await self.docker(*words, cli=cli, stdin=stdin)
        assert ran.code == 0, (words, ran)
        return ran.out.strip()


async def settled(lab: HandMadeLab) -> None:
    """Wait until the gate's counts are back at nothing."""
    await until(lambda: not lab.gate.connections and not lab.gate.streams)


async def until(true: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for something that another task or process does."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (what is waited for sets no event)
            await asyncio.sleep(0.01)


def cgroup_of(engine: Path) -> str:
    """The one that is the engine's alone: another run of these tests on the machine has labs of the same names, and
    would let go on what this one holds still. A fake engine has none."""
    return f"/{engine.parent.name}"


def gate_of(
    engine: Path,
    owner: Owner,
    shelf: Shelf,
    observer: Observer,
    folder: Path,
    turns: Turns | None = None,
    freezer: Freezer | None = None,
) -> Gate:
    """A gate that holds the lab's real processes still, and shares its turns with no other."""
    return Gate(
        engine_socket=engine,
        owner=owner,
        shelf=shelf,
        observer=observer,
        turns=turns or Turns(4),
        freezer=freezer or Cgroups(cgroup_of(engine)),
        spools=Spools(folder),
    )


@contextlib.asynccontextmanager
async def opened(
    engine: Path,
    lab: LabId,
    network: str,
    images: frozenset[str],
    folder: Path,
    turns: Turns | None = None,
    freezer: Freezer | None = None,
) -> AsyncIterator[HandMadeLab]:
    """A gate at `folder`/docker.sock for a lab whose network is there already."""
    owner = Owner(lab, network, f"{cgroup_of(engine)}/{lab}", images)
    shelf, observer = Shelf(), Observer()
    gate = gate_of(engine, owner, shelf, observer, folder, turns, freezer)
    await gate.start(folder / "docker.sock")
    try:
        yield HandMadeLab(owner, gate, folder / "docker.sock", observer, shelf)
    finally:
        await gate.close()


def on_engine(engine: Path, *words: str) -> str:
    """A command straight on the engine's socket."""
    command = [CLIS[-1], "--host", f"unix://{engine}", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.strip()


@contextlib.contextmanager
def lab_network(engine: Path, lab: LabId) -> Iterator[str]:
    """The lab's own network; all of the lab is removed at the end."""
    label = ("--label", f"dosirak.lab={lab}")
    bridge = ("--opt", f"com.docker.network.bridge.name=lab{lab}")
    network = on_engine(
        engine, "network", "create", "--internal", *bridge, *label, "--label", "dosirak.role=network", f"lab-{lab}"
    )
    try:
        yield network
    finally:
        of_lab = ("--filter", f"label=dosirak.lab={lab}", "--quiet")
        for kind, all_of, remove in (
            ("container", "--all", ("rm", "--force", "--volumes")),
            ("network", "", ("rm",)),
            ("volume", "", ("rm",)),
        ):
            words = [word for word in ("ls", all_of, *of_lab) if word]
            if found := on_engine(engine, kind, *words).split():
                on_engine(engine, kind, *remove, *found)


@dataclass
class FakeEngine:
    """Answers every request with what the test says, and keeps each connection's bytes."""

    path: Path
    reply: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
    replies: dict[bytes, bytes] = field(default_factory=dict)
    """Answers by the beginning of the request line."""
    seen: list[bytes] = field(default_factory=list)
    after: bytes = b""
    """Raw bytes sent after an answer of 101."""
    hold: asyncio.Event | None = None

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.seen)
        self.seen.append(b"")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.seen[number] += head
            answer = next((value for start, value in self.replies.items() if head.startswith(start)), self.reply)
            writer.write(answer)
            if answer.startswith(b"HTTP/1.1 101"):
                writer.write(self.after)
                while data := await reader.read(65536):
                    self.seen[number] += data
            elif self.hold is not None and b"wait" in head:
                await self.hold.wait()
                writer.write(b'11\r\n{"StatusCode": 0}\r\n0\r\n\r\n')
        writer.close()

    @property
    def lines(self) -> list[str]:
        """The request lines seen, in order."""
        return [request.partition(b"\r\n")[0].decode() for request in self.seen]


@contextlib.asynccontextmanager
async def fake_engine(folder: Path) -> AsyncIterator[FakeEngine]:
    engine = FakeEngine(folder / "engine.sock")
    server = await asyncio.start_unix_server(engine.handle, engine.path)
    try:
        yield engine
    finally:
        server.close()
        await server.wait_closed()


async def raw(socket: Path, data: bytes, *, pieces: int = 0, timeout: float = 10) -> bytes:
    """Send bytes (in pieces of a size, when one is given), half-close, and read to the end."""
    reader, writer = await asyncio.open_unix_connection(socket)
    async with asyncio.timeout(timeout):
        with contextlib.suppress(ConnectionError):
            for start in range(0, len(data), pieces or max(1, len(data))):
                writer.write(data[start : start + (pieces or len(data))])
                await writer.drain()
                if pieces:
                    await asyncio.sleep(0)
            writer.write_eof()
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer


def status(answer: bytes) -> int:
    """The first answer's status; 0 when there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0
