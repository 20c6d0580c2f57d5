"""Archives by a recording engine: neither side waits for the other, and nothing in the lab runs while it copies."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.guard.streams import MAX_ARCHIVE
from bot.identity import LabId
from bot.sandbox.gate import copy, spool, stillness
from bot.sandbox.gate.spool import SPOOLS_OF_LAB
from bot.sandbox.turns import Turns
from tests.gate.support import A, FakeEngine, HandMadeLab, opened, raw, settled, status, until
from tests.guard.cases import Step
from tests.guard.lab import IMAGE, WEB, container, image

MIB = 2**20
GET = b"GET /v1.41/containers/web/archive?path=/x HTTP/1.1\r\nHost: d\r\n\r\n"
HEAD = b"HEAD" + GET[3:]
START = b"POST /v1.41/containers/web/start HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n"
ARCHIVE = f"/v1.41/containers/{WEB}/archive".encode()
ABOUT = f"GET /v1.41/containers/{WEB}/json".encode()
IMAGES = frozenset({"diamol/base:latest"})


class Ice:
    """Notes what was asked of it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.works = True

    def freeze(self, lab: LabId) -> None:
        self.notes.append("freeze")

    def frozen(self, lab: LabId) -> bool:
        return self.works

    def end(self, lab: LabId) -> None:
        self.notes.append("end")

    def thaw(self, lab: LabId) -> None:
        self.notes.append("thaw")


def whole(data: bytes, code: bytes = b"200 OK", kind: bytes = b"application/json") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (code, kind, len(data), data)


@pytest.fixture
def ice() -> Ice:
    return Ice()


@pytest.fixture
def turns() -> Turns:
    return Turns(1)


@pytest.fixture
async def lab(fake: FakeEngine, tmp_path: Path, ice: Ice, turns: Turns) -> AsyncIterator[HandMadeLab]:
    """A lab on the fake engine, which has one container, `web`, with a small file."""
    fake.replies[b"GET /v1.41/containers/json"] = whole(json.dumps([container(WEB, "web", lab=A)]).encode())
    fake.replies[b"GET " + ARCHIVE] = whole(b"t" * 1024, kind=b"application/x-tar")
    fake.replies[ABOUT] = whole(b'{"State":{"Restarting":false}}')
    async with opened(fake.path, A, "a" * 64, IMAGES, tmp_path, turns, ice) as made:
        yield made


def asked(fake: FakeEngine) -> list[str]:
    """What the engine was asked for, questions about containers apart."""
    calls = [line.split()[0] + line.split()[1].partition(WEB)[2] for line in fake.lines if line]
    return [call for call in calls if call.partition("?")[0] not in ("GET", "GET/json")]


async def test_an_archive_comes_whole_from_a_lab_that_stands_still(
    lab: HandMadeLab, fake: FakeEngine, ice: Ice
) -> None:
    """The engine's bytes and head, and the lab goes on after it."""
    answer = await raw(lab.socket, GET)
    assert status(answer) == 200 and b"Content-Type: application/x-tar\r\n" in answer
    assert answer.endswith(b"\r\n400\r\n" + b"t" * 1024 + b"\r\n0\r\n\r\n")
    assert ice.notes == ["freeze", "thaw"] and asked(fake) == ["GET/archive?path=%2Fx"]


async def test_the_engine_never_waits_for_a_client_that_does_not_read(
    lab: HandMadeLab, fake: FakeEngine, ice: Ice
) -> None:
    """It has said all of 32 MiB, and the lab runs again, before the client reads a byte."""
    fake.replies[b"GET " + ARCHIVE] = whole(bytes(32 * MIB))
    reader, writer = await asyncio.open_unix_connection(lab.socket, limit=1024)
    writer.write(GET)
    await until(lambda: ice.notes == ["freeze", "thaw"])
    assert lab.gate.streams == 1
    got = 0
    while got < 32 * MIB and (data := await reader.read(MIB)):
        got += len(data)
    assert got >= 32 * MIB
    writer.close()
    await settled(lab)


async def test_clients_that_do_not_read_hold_so_many_spools_and_no_look(lab: HandMadeLab, fake: FakeEngine) -> None:
    """One more is told so; a look at a file and everything else goes on, and the room comes back."""
    fake.replies[b"GET " + ARCHIVE] = whole(bytes(8 * MIB))
    fake.replies[b"HEAD " + ARCHIVE] = b"HTTP/1.1 200 OK\r\nX-Docker-Container-Path-Stat: e30=\r\n\r\n"
    held = [await asyncio.open_unix_connection(lab.socket, limit=1024) for _ in range(SPOOLS_OF_LAB)]
    for _, writer in held:
        writer.write(GET)
    await until(lambda: len(asked(fake)) == SPOOLS_OF_LAB)
    await until(lambda: lab.gate.streams == SPOOLS_OF_LAB)
    assert status(await raw(lab.socket, GET)) == 429
    assert b"X-Docker-Container-Path-Stat: e30=" in await raw(lab.socket, HEAD)
    for _, writer in held:
        writer.transport.abort()
    await settled(lab)
    fake.replies[b"GET " + ARCHIVE] = whole(b"")
    assert status(await raw(lab.socket, GET)) == 200


@pytest.fixture
def slow(lab: HandMadeLab, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """On a host with a single spool: whoever has it is too slow from the call of this on."""
    monkeypatch.setattr(lab.gate._lab.spools, "_most", 1)

    def now() -> None:
        monkeypatch.setattr(spool, "GRACE_SECONDS", 0.0)
        monkeypatch.setattr(spool, "RATE", 10**12)

    return now


def kept_files(folder: Path) -> int:
    """Files without a name that this process has open there."""
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one of this look itself
            count += str(link.readlink()).startswith(f"{folder}/")
    return count


async def test_who_does_not_read_gives_the_hosts_last_spool_to_another(
    lab: HandMadeLab, fake: FakeEngine, tmp_path: Path, slow: Callable[[], None]
) -> None:
    """Not before it is too slow; then its own answer is broken off, and the file is gone."""
    fake.replies[b"GET " + ARCHIVE] = whole(bytes(8 * MIB))
    reader, writer = await asyncio.open_unix_connection(lab.socket, limit=1024)
    writer.write(GET)
    await until(lambda: len(asked(fake)) == 1 and kept_files(tmp_path) == 1)
    await asyncio.sleep(0.2)
    fake.replies[b"GET " + ARCHIVE] = whole(b"small")
    assert status(await raw(lab.socket, GET)) == 429
    slow()
    assert b"small" in await raw(lab.socket, GET)
    assert kept_files(tmp_path) == 0
    got = b""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(MIB):
            got += data
    assert len(got) < 8 * MIB and not got.endswith(b"0\r\n\r\n")
    writer.close()
    await settled(lab)


async def test_who_does_not_send_gives_the_hosts_last_spool_to_another(
    lab: HandMadeLab, fake: FakeEngine, tmp_path: Path, slow: Callable[[], None]
) -> None:
    """What it sends then is refused, and the engine gets none of it."""
    fake.replies[b"PUT "] = whole(b"")
    request = _put(tar(*(f"file{number}" for number in range(200)))).raw
    reader, writer = await asyncio.open_unix_connection(lab.socket)
    writer.write(request[:50_000])
    await until(lambda: kept_files(tmp_path) == 1)
    assert status(await raw(lab.socket, request)) == 429
    slow()
    assert status(await raw(lab.socket, request)) == 200
    assert kept_files(tmp_path) == 0
    writer.write(request[50_000:])
    assert status(await reader.read(MIB)) == 408
    writer.close()
    await settled(lab)
    assert [call.partition("?")[0] for call in asked(fake)] == ["PUT/archive"]


async def test_an_archive_beyond_the_bound_is_refused_before_a_byte_of_it(
    lab: HandMadeLab, fake: FakeEngine, ice: Ice
) -> None:
    """In words; and the lab stands still until the engine has let go of the container."""
    piece = b"100000\r\n" + bytes(MIB) + b"\r\n"
    fake.replies[b"GET " + ARCHIVE] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + piece * (MAX_ARCHIVE // MIB + 1) + b"0\r\n\r\n"
    )
    answer = await raw(lab.socket, GET)
    assert status(answer) == 403 and b"at most 64 MiB" in answer and len(answer) < 1024
    assert lab.observer.codes == ["archive-large"]
    assert asked(fake) == ["GET/archive?path=%2Fx"] and ice.notes == ["freeze", "thaw"]
    assert fake.lines[-1].startswith(f"GET /v1.41/containers/{WEB}/json"), "asked last, when it is over"


async def test_a_copy_that_takes_the_engine_too_long_is_refused(
    lab: HandMadeLab, fake: FakeEngine, ice: Ice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said its head and then nothing; the same for an archive that it does not take."""
    monkeypatch.setattr(copy, "ENGINE_SECONDS", 0.2)
    silent = asyncio.Event()
    fake.path.unlink()
    server = await asyncio.start_unix_server(_hanging(fake, silent), fake.path)
    for step in (Step("GET", "/v1.41/containers/web/archive?path=/x"), _put(tar("file"))):
        answer = await raw(lab.socket, step.raw)
        assert status(answer) == 504 and b"needs more than" in answer
    assert ice.notes == ["freeze", "thaw"] * 2
    silent.set()
    server.close()


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _hanging(fake: FakeEngine, until_set: asyncio.Event) -> Serve:
    """The recording engine, but its archives do not end."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/archive" in head.partition(b"\r\n")[0]:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" if head.startswith(b"GET") else b"")
            await until_set.wait()
        else:
            writer.write(next((a for start, a in fake.replies.items() if head.startswith(start)), fake.reply))
        writer.close()

    return handle


def tar(*names: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.type = kind
            archive.addfile(info)
    return data.getvalue()


def _put(data: bytes) -> Step:
    return Step("PUT", "/v1.41/containers/web/archive?path=/x", data, "application/x-tar")


async def test_what_runs_is_ended_when_the_engine_does_not_let_go(
    lab: HandMadeLab, fake: FakeEngine, ice: Ice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that was given up may still go on in the engine: nothing may run then that could put a link in its way."""
    monkeypatch.setattr(copy, "ENGINE_SECONDS", 0.1)
    monkeypatch.setattr(copy, "RELEASE_SECONDS", 0.1)
    locked = False

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal locked
        head = await reader.readuntil(b"\r\n\r\n")
        locked = locked or head.startswith(b"GET " + ARCHIVE)
        if not (locked and WEB.encode() in head):
            writer.write(next(a for start, a in fake.replies.items() if head.startswith(start)))
        else:
            await reader.read()
        writer.close()

    fake.path.unlink()
    server = await asyncio.start_unix_server(engine, fake.path)
    assert status(await raw(lab.socket, GET)) == 504
    assert ice.notes == ["freeze", "end", "thaw"]
    server.close()


async def test_an_upload_reaches_the_engine_whole(lab: HandMadeLab, fake: FakeEngine, ice: Ice) -> None:
    """In a lab that stands still; the engine's answer counts, also when it does not read what it is given."""
    fake.replies[b"PUT " + ARCHIVE] = whole(b"", b"200 OK")
    data = tar(*(f"file{number}" for number in range(2000)))
    assert status(await raw(lab.socket, _put(data).raw, pieces=10_000)) == 200
    assert asked(fake) == ["PUT/archive?path=%2Fx&noOverwriteDirNonDir=1"] and ice.notes == ["freeze", "thaw"]


@pytest.mark.parametrize("last", [tar("device", kind=tarfile.CHRTYPE), b"\x01" * 512], ids=["a device", "no header"])
async def test_an_upload_with_a_bad_end_does_not_begin(
    lab: HandMadeLab, fake: FakeEngine, ice: Ice, last: bytes
) -> None:
    """The engine gets not a byte of it, and the lab is not held up."""
    good = tar(*(f"file{number}" for number in range(200)))[: 200 * 512]
    assert status(await raw(lab.socket, _put(good + last).raw)) == 400
    assert asked(fake) == [] and ice.notes == []


async def test_an_upload_that_stops_half_way_does_not_begin(lab: HandMadeLab, fake: FakeEngine, ice: Ice) -> None:
    """A client that says no more holds its spool, and nothing of the engine."""
    _, writer = await asyncio.open_unix_connection(lab.socket)
    writer.write(_put(tar(*(f"file{number}" for number in range(200)))).raw[:5000])
    await until(lambda: lab.gate.streams == 1)
    await asyncio.sleep(0.1)
    assert asked(fake) == [] and ice.notes == []
    writer.close()
    await settled(lab)


async def test_a_lab_that_cannot_be_held_still_is_not_copied_in(
    lab: HandMadeLab, fake: FakeEngine, ice: Ice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither out nor in, nor is a container made that may fill a volume; and it goes on."""
    monkeypatch.setattr(stillness, "FREEZE_SECONDS", 0.1)
    ice.works = False
    for step in (Step("GET", "/v1.41/containers/web/archive?path=/x"), _put(tar("file"))):
        answer = await raw(lab.socket, step.raw)
        assert status(answer) == 503 and b"could not be held still" in answer
    assert asked(fake) == [] and ice.notes == ["freeze", "thaw"] * 2


@pytest.mark.parametrize(
    ("host", "still"),
    [
        ({}, False),
        ({"Tmpfs": {"/t": "size=1m"}}, False),
        ({"Binds": ["data:/data"]}, True),
        ({"Mounts": [{"Type": "volume", "Target": "/data"}]}, True),
    ],
)
async def test_a_container_with_a_volume_is_made_in_a_lab_that_stands_still(
    lab: HandMadeLab, fake: FakeEngine, ice: Ice, host: dict[str, object], still: bool
) -> None:
    """The engine may fill the volume, which others hold; any other is made beside what runs."""
    lab.has("diamol/base")
    fake.replies |= {
        b"GET /v1.41/images/json": whole(json.dumps([image(IMAGE, "diamol/base:latest")]).encode()),
        b"GET /v1.41/images/": whole(b'{"Config":{}}'),
        b"GET /v1.41/volumes": whole(b"{}"),
        b"POST /v1.41/": whole(json.dumps({"Id": WEB, "Name": "x", "Warnings": None}).encode(), b"201 Created"),
    }
    body = json.dumps({"Image": "diamol/base", "HostConfig": host}).encode()
    create = Step("POST", "/v1.41/containers/create", body, "application/json")
    assert status(await raw(lab.socket, create.raw)) == 201
    assert ice.notes == (["freeze", "thaw"] if still else [])


async def test_a_container_that_the_engine_starts_again_is_waited_for(
    lab: HandMadeLab, fake: FakeEngine, ice: Ice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its start would not end in a lab that stands still: the lab goes on between two looks, and at last it is told."""
    monkeypatch.setattr(copy, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(copy, "TRIES", 3)
    fake.replies[ABOUT] = whole(b'{"State":{"Restarting":true}}')
    answer = await raw(lab.socket, GET)
    assert status(answer) == 503 and b"again and again" in answer
    assert asked(fake) == [] and ice.notes == ["freeze", "thaw"] * 3


async def test_a_lab_that_closes_meanwhile_is_let_go(lab: HandMadeLab, fake: FakeEngine, ice: Ice) -> None:
    """Whatever the engine does, nothing stays frozen."""
    fake.path.unlink()
    silent = asyncio.Event()
    server = await asyncio.start_unix_server(_hanging(fake, silent), fake.path)
    _, writer = await asyncio.open_unix_connection(lab.socket)
    writer.write(GET)
    await until(lambda: ice.notes == ["freeze"])
    async with asyncio.timeout(2):
        await lab.gate.close()
    assert ice.notes == ["freeze", "thaw"]
    silent.set()
    writer.close()
    server.close()


async def test_nothing_starts_during_a_copy_and_nothing_is_copied_during_a_start(
    lab: HandMadeLab, fake: FakeEngine, ice: Ice, turns: Turns
) -> None:
    """Whoever starts a container of the lab, the chat as well, and a copy wait for each other."""
    fake.replies[b"POST "] = b"HTTP/1.1 204 No Content\r\n\r\n"
    async with asyncio.TaskGroup() as group:
        async with turns.lab(A):
            waiting = [group.create_task(raw(lab.socket, data)) for data in (GET, START)]
            await until(lambda: lab.gate.connections == 2)
            await asyncio.sleep(0.1)
            assert asked(fake) == [] and ice.notes == []
    assert [status(task.result()) for task in waiting] == [200, 204]


async def test_a_container_that_came_to_run_before_the_copys_turn_is_seen(
    lab: HandMadeLab, fake: FakeEngine, turns: Turns
) -> None:
    """Case I175: what was checked when the call came is checked again when nothing can start any more."""
    mounted = container(WEB, "web", state="exited", lab=A) | {"Mounts": [{"Type": "volume", "Name": "v"}]}
    fake.replies[b"GET /v1.41/containers/json"] = whole(json.dumps([mounted]).encode())
    async with asyncio.TaskGroup() as group:
        async with turns.lab(A):
            waiting = group.create_task(raw(lab.socket, GET))
            await until(lambda: len(fake.lines) == 1)
            running = json.dumps([mounted | {"State": "running"}]).encode()
            fake.replies[b"GET /v1.41/containers/json"] = whole(running)
    answer = waiting.result()
    assert status(answer) == 403 and b"stop it first" in answer and asked(fake) == []


async def test_a_host_without_room_says_so(lab: HandMadeLab, fake: FakeEngine, tmp_path: Path) -> None:
    """The engine copied, but there is nowhere to keep it."""
    async with contextlib.AsyncExitStack() as stack:
        lab.gate._lab.spools._folder = tmp_path / "nowhere"
        stack.callback(setattr, lab.gate._lab.spools, "_folder", tmp_path)
        assert status(await raw(lab.socket, GET)) == 507
        assert status(await raw(lab.socket, _put(tar("file")).raw)) == 507
    assert status(await raw(lab.socket, GET)) == 200
