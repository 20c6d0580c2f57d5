"""A picture of a page by a real Chromium: of the page alone, in its time, and with nothing left of it."""

from __future__ import annotations

import asyncio
import os
import pwd
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web
from PIL import Image

from bot.pages import browser, confined
from bot.pages.browser import find_browser
from bot.pages.confined import Person
from bot.pages.preview import Previews
from tests.pages.house import House, Serve, listening

GREEN = (0, 128, 0)
RED = (255, 0, 0)


def page_of(body: str) -> Serve:
    async def serve(request: web.Request) -> web.Response:
        return web.Response(
            text=f"<!doctype html><style>body{{background:green}}</style>{body}", content_type="text/html"
        )

    return serve


@dataclass(frozen=True)
class Running:
    """A process of a preview's browser."""

    user: int
    command: bytes
    variables: bytes


def browsers(folder: Path) -> list[Running]:
    """Those that work in this folder; a process that ends meanwhile is none."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes()
            if str(folder).encode() in command and not command.startswith(b"unshare"):
                users = next(line for line in (process / "status").read_text().splitlines() if line.startswith("Uid:"))
                found.append(Running(int(users.split()[1]), command, (process / "environ").read_bytes()))
    return found


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where previews make their folders; empty again at the end, and no browser runs any more."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield folder
        assert list(folder.iterdir()) == []
    assert browsers(folder) == []


@pytest.fixture
async def previews(house: House, folders: Path) -> AsyncIterator[Previews]:
    program = find_browser()
    assert program is not None, "deploy/test installs Chromium"
    yield Previews(program, house.address)


def colour(picture: bytes | None) -> tuple[int, ...]:
    """The colour in the picture's corner."""
    assert picture is not None
    found = Image.open(BytesIO(picture)).convert("RGB").getpixel((2, 600))
    assert isinstance(found, tuple)
    return found


async def test_a_preview_shows_the_page_and_is_no_visit(house: House, previews: Previews) -> None:
    """The container's own page, from our own listener; the count of visits is people's."""
    page = await house.page(page_of("<h1>Hello</h1>"))
    assert colour(await previews.picture(house.pages.url(page))) == GREEN
    assert house.pages.visits(page.token) == 0


async def test_a_page_reaches_nothing_but_itself(house: House, previews: Previews) -> None:
    """Neither this machine's other servers, by name, address or port, nor anything by WebRTC's packets."""
    heard: list[str] = []

    async def other(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.Response(text="document.body.style.background = 'red'", content_type="text/javascript")

    application = web.Application()
    application.router.add_get("/{path:.*}", other)
    loop = asyncio.get_running_loop()
    packets, _ = await loop.create_datagram_endpoint(lambda: _Ear(heard), local_addr=("127.0.0.1", 0))
    async with listening(application) as (_, port):
        stun = packets.get_extra_info("sockname")[1]
        own = "+location.hostname+"
        sources = "".join(
            f"s=document.createElement('script');s.src={address};document.body.append(s);"
            for address in (
                f"'http://127.0.0.1:{port}/address'",
                f"'http://[::1]:{port}/address6'",
                f"'http://localhost:{port}/name'",
                f"'http://other.localhost:{port}/other'",
                f"'http://'{own}':{port}/port'",
            )
        )
        call = (
            f"p=new RTCPeerConnection({{iceServers:[{{urls:'stun:127.0.0.1:{stun}'}}]}});p.createDataChannel('x');"
            "p.createOffer().then(o=>p.setLocalDescription(o));"
        )
        socket = f"new WebSocket('ws://127.0.0.1:{port}/socket');"
        page = await house.page(page_of(f"<script>onload=()=>{{{sources}{call}{socket}}}</script>"))
        assert colour(await previews.picture(house.pages.url(page))) == GREEN
    packets.close()
    assert heard == []


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: list[str]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._heard.append("a packet")


async def test_the_browser_is_nobody_in_its_sandbox(house: House, previews: Previews, folders: Path) -> None:
    """While it looks: no process of it is root's, the sandbox is as Chromium has it, no variable of ours is there."""
    seen: list[Running] = []

    async def look(request: web.Request) -> web.StreamResponse:
        seen.extend(browsers(folders))
        return await page_of("")(request)

    page = await house.page(look)
    assert await previews.picture(house.pages.url(page)) is not None
    assert len(seen) > 1
    for one in seen:
        assert one.user == (os.geteuid() or pwd.getpwnam("nobody").pw_uid)
        assert b"--no-sandbox" not in one.command
        assert b"TELEGRAM" not in one.variables and b"DOSIRAK" not in one.variables


@pytest.mark.parametrize("status, kind", [(404, "text/html"), (200, "application/zip"), (200, "application/json")])
async def test_what_is_no_page_gets_no_picture(house: House, previews: Previews, status: int, kind: str) -> None:
    """Errors and downloads: not even a browser is started for them."""

    async def serve(request: web.Request) -> web.Response:
        return web.Response(status=status, body=b"x", content_type=kind)

    page = await house.page(serve)
    assert await previews.picture(house.pages.url(page)) is None


async def test_a_preview_that_takes_too_long_ends(
    house: House, previews: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page whose program keeps the browser busy: no picture, no browser left, no error."""
    monkeypatch.setattr(confined, "SECONDS", 3.0)
    page = await house.page(page_of("<script>for(;;);</script>"))
    assert await previews.picture(house.pages.url(page)) is None


async def test_a_bot_that_is_killed_leaves_no_browser_for_long(
    house: House, previews: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is there to end it: it ends all the same."""
    monkeypatch.setattr(confined, "SECONDS", 1.5)
    monkeypatch.setattr(confined, "_kill", lambda process, person: None)
    page = await house.page(page_of("<script>for(;;);</script>"))
    assert await previews.picture(house.pages.url(page)) is None


async def test_a_preview_that_takes_too_much_ends(
    house: House, previews: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above its memory the browser is ended."""
    monkeypatch.setattr(confined, "MOST_MEMORY", 2**20)
    page = await house.page(page_of(""))
    assert await previews.picture(house.pages.url(page)) is None


async def test_a_browser_that_does_not_start_is_no_error(
    house: House, folders: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Gone, or not able to run here: no picture, and a line in the log for the operator."""
    caplog.set_level("INFO")
    page = await house.page(page_of(""))
    for program in ("/nowhere/chromium", "false"):
        assert await Previews(program, house.address).picture(house.pages.url(page)) is None
    assert caplog.text.count("no preview of a page") == 2


def test_only_a_file_of_the_browsers_own_is_read(tmp_path: Path) -> None:
    """A link to somebody else's file, a pipe, or something that is no picture: nothing."""
    own = Person(os.geteuid(), os.getegid())
    picture, link, pipe, text = (tmp_path / name for name in ("p.png", "link.png", "pipe.png", "text.png"))
    picture.write_bytes(browser.PNG + b"rest")
    link.symlink_to(picture)
    os.mkfifo(pipe)
    text.write_text("root:x:0:0")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert browser._read(picture, own) == browser.PNG + b"rest"
    assert browser._read(picture, Person(os.geteuid() + 1, 1)) is None
    assert [browser._read(file, own) for file in (link, pipe, text, tmp_path / "none")] == [None] * 4


def test_without_a_browser_there_is_none_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot then runs without previews."""
    monkeypatch.setattr(browser, "shutil", SimpleNamespace(which=lambda name: None))
    assert find_browser() is None
