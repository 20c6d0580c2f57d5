"""Case I175: a process inside swaps names while the engine copies; the host's files stay as they are."""

from __future__ import annotations

import asyncio
import io
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.gate.copy import ENGINE_SECONDS
from deploy.host.temporary import EngineHost
from tests.gate.racer import available, racer
from tests.gate.support import HandMadeLab, raw, status
from tests.guard.cases import Step

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not available(), reason="the program that swaps is machine code for x86-64"),
]

BASE = "diamol/base"
WEB = "diamol/ch02-hello-diamol-web"
FILLS = 15
"""Without the stillness one in about ten makes a folder on the host."""
SECONDS = 20.0
"""Without the stillness some hundred copies are enough for a file on the host."""
AT_A_TIME = 4


@pytest.fixture
def sentinel(tmp_path: Path) -> Iterator[Path]:
    """A folder of the host's, at a path that says nothing inside a container."""
    folder = tmp_path / "sentinel"
    folder.mkdir()
    (folder / "kept").write_text("kept")
    yield folder
    for point in _mounts(folder):
        print("was mounted on the host:", point)


def _mounts(folder: Path) -> list[str]:
    """What any process of this host, the engine as well, has mounted in it."""
    lines = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point for point in lines if point.startswith(str(folder))]


def _inside(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] + _mounts(folder)


def trap(sentinel: Path) -> bytes:
    """A container's files: `/etc` is a link to `/e`, which is swapped with a link to the host's folder."""
    folder, link = tarfile.DIRTYPE, tarfile.SYMTYPE
    files = (("e", folder, ""), ("etc", link, "/e"), ("elink", link, str(sentinel)))
    return tar(racer("/e", "/elink"), *files)


def tar(program: bytes, *others: tuple[str, bytes, str]) -> bytes:
    """`race`, which is the program, and others as (name, kind, link)."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        info = tarfile.TarInfo("race")
        info.mode, info.size = 0o755, len(program)
        archive.addfile(info, io.BytesIO(program))
        for name, kind, link in others:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mode = kind, link, 0o755
            archive.addfile(info)
    return data.getvalue()


async def test_a_swap_while_the_engine_mounts_for_a_copy_meets_nobody(
    lab_a: HandMadeLab, engine_host: EngineHost, sentinel: Path
) -> None:
    """Case I175: the engine mounts three files in every container for each copy; not one of them lands on the host."""
    lab_a.has(BASE)
    made = await lab_a.ok("create", "--name", "swaps", BASE, "/race")
    # By the engine itself, since the gate lets no link take a folder's place: there may be other ways to it.
    put = Step("PUT", f"/v1.41/containers/{made}/archive?path=/", trap(sentinel), "application/x-tar")
    assert status(await raw(engine_host.socket, put.raw)) == 200
    await lab_a.ok("start", "swaps")
    looks: set[str] = set()
    for _ in range(200):
        looks.add((await lab_a.docker("exec", "swaps", "/bin/busybox", "stat", "-c", "%F", "/e")).out.strip())
        if len(looks) > 1:
            break
    assert len(looks) > 1, f"nothing is swapped: {looks}"
    answers: Counter[int] = Counter()

    async def copies(method: str, deadline: float) -> None:
        while asyncio.get_running_loop().time() < deadline:
            step = Step(method, "/v1.41/containers/swaps/archive?path=/bin/busybox")
            answers[status(await raw(lab_a.socket, step.raw, timeout=60))] += 1

    deadline = asyncio.get_running_loop().time() + SECONDS
    await asyncio.gather(*(copies("HEAD", deadline) for _ in range(AT_A_TIME)))
    print(dict(answers))
    assert await asyncio.to_thread(_inside, sentinel) == ["kept"]
    assert set(answers) == {200} and answers[200] > 100, answers


async def test_a_swap_while_the_engine_fills_a_volume_meets_nobody(lab_a: HandMadeLab, sentinel: Path) -> None:
    """Case I175: it copies an image's files into an empty volume that a running program holds; none lands elsewhere."""
    for image in (BASE, WEB):
        lab_a.has(image)
    program = racer("/v/local", "/v/.link", after="/v/bin", target=str(sentinel))
    for _ in range(FILLS):
        await lab_a.ok("create", "--name", "swaps", "-v", "shared:/v", BASE, "/race")
        put = Step("PUT", "/v1.41/containers/swaps/archive?path=/", tar(program), "application/x-tar")
        assert status(await raw(lab_a.socket, put.raw)) == 200
        await lab_a.ok("start", "swaps")
        await lab_a.ok("create", "--name", "filled", "-v", "shared:/usr", WEB, "true")
        listed = await lab_a.ok("exec", "swaps", "ls", "-a", "/v")
        assert ".link" in listed.split(), "the program has not run"
        await lab_a.ok("rm", "--force", "swaps", "filled")
        await lab_a.ok("volume", "rm", "shared")
        assert await asyncio.to_thread(_inside, sentinel) == ["kept"]


async def test_what_stood_still_goes_on_and_what_was_paused_stays_so(lab_a: HandMadeLab) -> None:
    """Also after a copy that was broken off, since it was too large."""
    lab_a.has(BASE)
    await lab_a.ok("run", "-d", "--name", "counts", BASE, "sh", "-c", "while :; do date; sleep 0.01; done")
    await lab_a.ok("run", "-d", "--name", "rests", BASE, "sh", "-c", "while :; do date; sleep 0.01; done")
    await lab_a.ok("pause", "rests")
    for part in ("a", "b", "c", "d", "e"):
        await lab_a.ok("exec", "counts", "sh", "-c", f"mkdir -p /large; head -c 15000000 /dev/zero > /large/{part}")
    await lab_a.ok("cp", "counts:/bin/busybox", str(lab_a.socket.parent / "busybox"))
    large = await lab_a.docker("cp", "counts:/large", "-")
    assert large.code == 1 and "at most 64 MiB" in large.err
    assert await lab_a.ok("ps", "--format", "{{.Names}} {{.State}}") == "rests paused\ncounts running"
    for name, goes_on in (("counts", True), ("rests", False)):
        before = len(await lab_a.ok("logs", name))
        await asyncio.sleep(0.5)
        assert (len(await lab_a.ok("logs", name)) > before) is goes_on


async def test_copies_and_starts_of_a_container_with_a_volume_take_turns(lab_a: HandMadeLab) -> None:
    """Case I175: it starts and stops all the while; each copy finds it stopped, or is told to stop it first."""
    lab_a.has(BASE)
    await lab_a.ok("create", "--name", "mounted", "-v", "data:/data", BASE, "sleep", "600")
    answers: Counter[int] = Counter()
    done = False

    async def copies() -> None:
        while not done:
            step = Step("GET", "/v1.41/containers/mounted/archive?path=/bin/busybox")
            answers[status(await raw(lab_a.socket, step.raw, timeout=60))] += 1

    async def starts() -> None:
        nonlocal done
        for _ in range(10):
            await lab_a.ok("start", "mounted")
            await lab_a.ok("kill", "mounted")
        done = True

    await asyncio.gather(starts(), copies(), copies())
    assert set(answers) == {200, 403} and min(answers.values()) > 3, answers


async def test_a_copy_out_of_a_container_that_fails_again_and_again_ends_soon(lab_a: HandMadeLab) -> None:
    """The engine starts it by itself, and cannot in a lab that stands still: the copy lets it, and comes after it."""
    lab_a.has(BASE)
    fails = ("sh", "-c", "date > /log; sleep 0.1; exit 1")
    await lab_a.ok("create", "--name", "fails", "--restart", "on-failure:3", BASE, *fails)
    step = Step("GET", "/v1.41/containers/fails/archive?path=/bin/busybox")
    longest, answers = 0.0, Counter[int]()
    for _ in range(6):
        await lab_a.ok("start", "fails")
        for _ in range(15):
            started = time.monotonic()
            answers[status(await raw(lab_a.socket, step.raw, timeout=60))] += 1
            longest = max(longest, time.monotonic() - started)
    print(f"longest {longest:.1f} s, {dict(answers)}")
    assert set(answers) <= {200, 503} and answers[200] > 80 and longest < ENGINE_SECONDS
