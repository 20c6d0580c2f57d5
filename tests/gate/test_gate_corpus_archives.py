"""The archive cases of the corpus that are acts: what is in a tar, and what paths mean in a container."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import io
import json
import os
import tarfile
import time
from pathlib import Path

import pytest

from bot.guard.tar import MAX_BYTES, MAX_ENTRIES
from deploy.host.temporary import EngineHost
from tests.gate.support import on_engine, raw, status
from tests.gate.world import World
from tests.guard.cases import Step

pytestmark = pytest.mark.engine

FILE, LINK, HARD, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
MARK = "dosirak-escaped"
TERABYTE = 2**40
PATIENCE = 5.0
"""Seconds for a path, however odd: the engine looks at some names."""


def member(name: str, kind: bytes = FILE, link: str = "", size: int = 4, mode: int = 0o4755) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    info.size = size if kind == FILE else 0
    return info


def tar(*members: tarfile.TarInfo, kind: int = tarfile.PAX_FORMAT) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=kind) as archive:
        for info in members:
            archive.addfile(info, io.BytesIO(b"evil"[: info.size]))
    return data.getvalue()


def extended(**records: str) -> bytes:
    """A file whose extended header says more about it."""
    info = member(MARK)
    info.pax_headers = dict(records)
    return tar(info)


def header(**fields: bytes) -> bytes:
    """A single header with fields of its own, its checksum right."""
    places = {"size": 124, "typeflag": 156, "realsize": 483}
    block = bytearray(member(MARK).tobuf(tarfile.GNU_FORMAT))
    for name, value in fields.items():
        block[places[name] : places[name] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + b"evil".ljust(512, b"\0") + bytes(1024)


REFUSED = {
    "a character device": tar(member("d", tarfile.CHRTYPE)),
    "a block device": tar(member("d", tarfile.BLKTYPE)),
    "a pipe": tar(member("d", tarfile.FIFOTYPE)),
    "many": tar(*(member(f"m{number}", FOLDER) for number in range(MAX_ENTRIES + 1))),
    "a million": tar(*(member(f"m{number}", FOLDER) for number in range(MAX_BYTES // 512 + 1))),
    "a hole of a terabyte, old": header(typeflag=b"S", realsize=b"%012o" % (TERABYTE - 1)),
    "a hole of a terabyte, extended": extended(**{"GNU.sparse.major": "1", "GNU.sparse.realsize": str(TERABYTE)}),
    "a size beyond all numbers": extended(size=str(2**63)),
    "a size below zero": extended(size="-1"),
    "a binary size": header(size=b"\x80" + (TERABYTE).to_bytes(11, "big")),
    "compressed": gzip.compress(tar(member(MARK))),
}
"""Not a byte of these reaches the engine."""
PASSED = {
    "dots": (tar(member(f"../../../../{MARK}")), (400, 500)),
    "dots on the way": (tar(member(f"a/../../../../{MARK}")), (400, 500)),
    "an absolute name": (tar(member(f"/{MARK}")), (200,)),
    "through a link": (tar(member("a", LINK, "/"), member(f"a/{MARK}")), (200, 400, 500)),
    "through dots in a link": (tar(member("a", LINK, "../../../../../.."), member(f"a/{MARK}")), (200, 400, 500)),
    "a hard link": (tar(member("b", HARD, "/etc/shadow")), (400, 404, 500)),
    "a hard link with dots": (tar(member("c", HARD, "../../../../etc/shadow")), (400, 404, 500)),
    "a hard link through a link": (tar(member("a", LINK, "/etc"), member("c", HARD, "a/shadow")), (200, 400, 404, 500)),
    "setuid": (tar(member(MARK)), (200,)),
    "a long name": (tar(member("n" * 65536)), (400, 500)),
    "cut short": (tar(member(MARK))[:514], (400, 500)),
    "a folder for a file": (tar(member("etc", LINK, "/tmp")), (200, 400, 500)),
}
"""Each with the engine's own answers: it unpacks inside the container's files or not at all."""


@pytest.mark.parametrize("folder", ["etc", "dev", "proc", "sys"])
async def test_a_link_takes_no_folders_place(world: World, folder: str) -> None:
    """Case I174: the next start would mount the engine's own files wherever it leads."""
    answer = await put(world, tar(member(folder, LINK, "/tmp")), "/", "db")
    assert status(answer) == 500 and b"cannot overwrite directory" in answer
    assert await world.check(b"") == []


async def put(world: World, data: bytes, path: str = "/tmp", name: str = "web") -> bytes:
    step = Step("PUT", f"/v1.41/containers/{name}/archive?path={path}", data, "application/x-tar")
    answer = await raw(world.a.socket, step.raw, timeout=30)
    world.given += answer
    return answer


@pytest.mark.parametrize("name", REFUSED)
async def test_an_archive_that_is_more_than_files_does_not_begin(
    world: World, engine_host: EngineHost, name: str
) -> None:
    """Case I174: refused with the sentence, before the container or the host has any of it."""
    before = await asyncio.to_thread(_host, engine_host.state)
    answer = await put(world, REFUSED[name])
    assert status(answer) == 400 and b"docker cp takes plain files" in answer
    assert await world.a.ok("exec", "web", "sh", "-c", f"ls -d /tmp/d /tmp/m0 /tmp/{MARK} 2>/dev/null | wc -l") == "0"
    assert await asyncio.to_thread(_host, engine_host.state) == before
    assert await world.check(b"") == []


@pytest.mark.parametrize("name", PASSED)
async def test_an_archive_stays_in_its_container(world: World, engine_host: EngineHost, name: str) -> None:
    """Case I174: the engine's own confinement, and every file of the host is as it was."""
    data, statuses = PASSED[name]
    before = await asyncio.to_thread(_host, engine_host.state)
    answer = await put(world, data)
    assert status(answer) in statuses, answer
    assert await asyncio.to_thread(_host, engine_host.state) == before
    await world.a.ok("exec", "web", "sh", "-c", "rm -rf /tmp/* /" + MARK)
    assert await world.check(b"") == []


def _host(state: Path) -> str:
    """One number for the host's own files: names, kinds, owners, sizes, times and links, of `/etc` and of every folder
    where an escape would land."""
    found = hashlib.sha256()
    for folder, _, files in os.walk("/etc"):
        for name in (".", *sorted(files)):
            told = os.lstat(Path(folder, name))
            kept = (told.st_mode, told.st_uid, told.st_size, told.st_mtime_ns, told.st_nlink, told.st_ino)
            found.update(f"{folder}/{name} {kept}\n".encode())
    for place in (state, *state.parents, Path("/run"), Path("/root")):
        found.update(f"{place} {[str(place / name) for name in (MARK, 'shadow', 'a', 'b', 'c')]}".encode())
        found.update(str([(place / name).exists() for name in (MARK, "shadow", "a", "b", "c")]).encode())
    return found.hexdigest()


ODD_PATHS = {
    "/proc/1/root/.": 403,
    "/proc/1/root": 403,
    "/proc/self/environ": 403,
    "/proc/./self//environ/": 403,
    "/dev/sda": 403,
    "/dev/sda/.": 403,
    "/sys/.": 403,
    "/sys/": 403,
    "/tmp/../proc": 403,
    "/x%00": 400,
    "/%00/proc": 400,
    "/a" * 2000: 500,
    "/links/loop/x": 404,
    "/a" * 5000: 414,
    "/tmp/.": 200,
    "/tmp/": 200,
    "/etc/hostname/.": (400, 404, 500),
    "/links/proc/self/environ": 404,
    "/links/proc/1/root/etc/shadow": 404,
    "/links/up/proc/1/environ": 404,
    "/links/sys/kernel": 404,
    "/links/dev/sda": 404,
}


@pytest.mark.parametrize("path", ODD_PATHS, ids=lambda path: path[:40])
async def test_an_odd_path_means_the_containers_own_files_or_nothing(world: World, path: str) -> None:
    """Case I176: refused, not found, or the container's own; at once; and links in it lead nowhere else."""
    links = (
        "mkdir -p /links; cd /links; for name in proc sys dev; do ln -sfn /$name $name; done; ln -sfn ../../../.. up"
    )
    await world.a.ok("exec", "web", "sh", "-c", links)
    wanted = ODD_PATHS[path]
    for method in ("GET", "HEAD"):
        started = time.monotonic()
        step = Step(method, f"/v1.41/containers/web/archive?path={path}")
        answer = await raw(world.a.socket, step.raw, timeout=PATIENCE)
        world.given += answer
        assert status(answer) in (wanted if isinstance(wanted, tuple) else (wanted,)), (method, answer[:300])
        assert time.monotonic() - started < PATIENCE
        assert b"overlay2" not in answer and b"/merged" not in answer
    assert await world.check(path.encode()) == []


@pytest.mark.parametrize("target", ["/etc/shadow", "/var/lib/docker", "../../../../etc/shadow", "/proc/1/root"])
async def test_a_links_stat_is_the_containers_own(world: World, engine_host: EngineHost, target: str) -> None:
    """Case I179: the name and target as they are in the container, and no folder of the host."""
    await world.a.ok("exec", "web", "ln", "-sfn", target, "/tmp/link")
    answer = await raw(world.a.socket, Step("HEAD", "/v1.41/containers/web/archive?path=/tmp/link").raw)
    (line,) = [line for line in answer.decode().split("\r\n") if line.startswith("X-Docker-Container-Path-Stat: ")]
    told = json.loads(base64.b64decode(line.partition(": ")[2]))
    inside = target if target.startswith("/") else "/etc/shadow"
    assert told["name"] == "link" and told["linkTarget"] == inside, told
    root = on_engine(engine_host.socket, "info", "--format", "{{.DockerRootDir}}")
    assert root not in json.dumps(told) and str(engine_host.state) not in json.dumps(told)
    assert await world.check(target.encode()) == []
