"""A picture of a page, taken by a headless Chromium where the operator has one and wants that.

What a learner's container serves is a stranger's program for the browser too. So it runs as nobody, inside Chromium's
own sandbox (never with --no-sandbox), without any variable of ours, in a folder that is removed afterwards; no name
and no address but the page's own leads anywhere, and that one to our listener. What remains is a fault of Chromium
itself: it could do on this machine what the user "nobody" can. That is why nobody gets it who has not asked for it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

from bot.pages.headers import PREVIEW_AGENT

log = logging.getLogger(__name__)

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 10.0
"""A picture takes two; one that takes so long shows a page that nobody waits for."""
LOADING = 5.0
"""Seconds after which a page that still loads is shown as it is."""
MOST_MEMORY = 512 * 2**20
"""Bytes of all the browser's processes; a picture of the course's page takes a fifth of it."""
LOOK_SECONDS = 0.25
WAITING = 4
"""Previews that may wait for their turn: a later one would come when its page is old news."""
LARGEST = 5 * 2**20
"""Bytes; half of what Telegram takes as a photo."""
ATTEMPTS = 5
"""A program that has just started may open its port a few seconds later."""
WINDOW = "960,640"
PNG = b"\x89PNG\r\n\x1a\n"


class Previews:
    """Takes pictures, one at a time. `listener` is where pages are served on this machine."""

    def __init__(self, program: str, listener: tuple[str, int]) -> None:
        self._program = program
        self._listener = listener
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def picture(self, url: str) -> bytes | None:
        """A PNG of the page at this address; None when it is no page to look at or does not come in time."""
        if self._waiting > WAITING:
            return None
        self._waiting += 1
        try:
            async with self._turn:
                return await self._take(url) if await self._is_document(url) else None
        except (OSError, TimeoutError, ClientError) as error:
            log.info("no preview of a page: %s", error or type(error).__name__)
            return None
        finally:
            self._waiting -= 1

    async def _is_document(self, url: str) -> bool:
        """Whether the container answers with something that a browser shows; a download is no picture."""
        host, port = self._listener
        headers = {"Host": urlsplit(url).netloc, "User-Agent": PREVIEW_AGENT, "Accept": "text/html"}
        timeout = ClientTimeout(total=SECONDS)
        async with ClientSession(cookie_jar=DummyCookieJar(), timeout=timeout, headers=headers) as session:
            for attempt in range(ATTEMPTS):
                await asyncio.sleep(min(attempt, 1))
                async with session.get(f"http://{_bracketed(host)}:{port}/", allow_redirects=False) as answer:
                    if answer.status not in (502, 503):
                        return answer.status < 400 and answer.content_type == "text/html"
        return False

    async def _take(self, url: str) -> bytes | None:
        person = _nobody()
        folder = await asyncio.to_thread(_new_folder, person)
        try:
            await self._browse(url, folder, person)
            picture = await asyncio.to_thread(_read, folder / "page.png", person)
            if picture is None:
                log.info("no preview of a page: %s made no picture", self._program)
            return picture
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    async def _browse(self, url: str, folder: Path, person: _Person) -> None:
        """Run the browser to its end, which is ours to make when it takes too long or too much."""
        process = await asyncio.create_subprocess_exec(
            *_as(person),
            *(self._program, *_arguments(urlsplit(url).hostname or "", folder, self._listener)),
            f"http://{urlsplit(url).netloc}/",
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "TMPDIR": str(folder)},
            start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(SECONDS):
                await _ended(process)
        finally:
            _kill(process, person)
            await process.wait()


def find_browser() -> str | None:
    """Chromium's program, where there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _arguments(host: str, folder: Path, listener: tuple[str, int]) -> tuple[str, ...]:
    # Whatever port the page names on its own host: only the listener answers. IP addresses are names to this rule too.
    rules = f"MAP {host} {_bracketed(listener[0])}:{listener[1]}, MAP * ~NOTFOUND"
    return (
        "--headless",
        f"--host-resolver-rules={rules}",
        # Its packets ask no resolver. An older Chromium knows the first name, a newer one the second.
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--disable-quic",
        "--no-proxy-server",
        f"--user-data-dir={folder / 'profile'}",
        f"--screenshot={folder / 'page.png'}",
        f"--window-size={WINDOW}",
        f"--timeout={int(LOADING * 1000)}",
        f"--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) {PREVIEW_AGENT}",
        "--js-flags=--max-old-space-size=128",
        "--hide-scrollbars",
        "--mute-audio",
        "--no-first-run",
        "--no-default-browser-check",
        "--deny-permission-prompts",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-dev-shm-usage",
        "--disable-extensions",
        "--disable-gpu",
        "--disable-sync",
    )


@dataclass(frozen=True, slots=True)
class _Person:
    """Whom the browser runs as; None: as we do, who are not root."""

    user: int | None = None
    group: int | None = None


def _nobody() -> _Person:
    if os.geteuid() != 0:
        return _Person()
    entry = pwd.getpwnam("nobody")
    return _Person(entry.pw_uid, entry.pw_gid)


def _as(person: _Person) -> tuple[str, ...]:
    """The command that the browser's stands behind (util-linux: in every Debian).

    In a process namespace of its own: with its first process the kernel ends all, also those that left their parents,
    as Chromium's crash handler does. What people wait for goes first, so it is nice.
    """
    # A bot that is killed cannot end its browser.
    bounded = ("timeout", "--signal=KILL", str(int(2 * SECONDS)), "nice")
    if person.user is None:
        return bounded
    namespace = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    return (*namespace, "setpriv", f"--reuid={person.user}", f"--regid={person.group}", "--clear-groups", *bounded)


def _new_folder(person: _Person) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="dosirak-preview-"))
    if person.user is not None and person.group is not None:
        os.chown(folder, person.user, person.group)
    return folder


def _read(file: Path, person: _Person) -> bytes | None:
    """The picture, if it is the browser's own: a link that it laid there would have us read anybody's file."""
    try:
        number = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(number, "rb") as opened:
        found = os.fstat(number)
        own = os.geteuid() if person.user is None else person.user
        if not stat.S_ISREG(found.st_mode) or found.st_uid != own or found.st_size > LARGEST:
            return None
        content = opened.read(LARGEST)
    return content if content.startswith(PNG) else None


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for the end; raises TimeoutError when there is more memory in use than there may be."""
    while process.returncode is None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await process.wait()
        if sum(map(_memory, _family(process.pid))) > MOST_MEMORY:
            raise TimeoutError("the browser takes too much memory")


def _kill(process: asyncio.subprocess.Process, person: _Person) -> None:
    """End what still runs. The namespace's first process is `unshare`'s child, whose end `unshare` waits for."""
    first = () if person.user is None else tuple(_children(process.pid))
    with suppress(ProcessLookupError):
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        if not first:
            os.killpg(process.pid, signal.SIGKILL)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in _children(pid):
        yield from _family(child)


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, task.read_text().split())


def _memory(pid: int) -> int:
    """Bytes of a process that it shares with no file (proc(5), status)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
