"""A headless Chromium for one look at one page.

What a learner's container serves is a stranger's program for the browser too. So it runs as nobody, inside Chromium's
own sandbox (never with --no-sandbox), without any variable of ours, in a folder that is removed afterwards; no name
and no address but the page's own leads anywhere, and that one to our listener. What remains is a fault of Chromium
itself: it could do on this machine what the user "nobody" can. That is why nobody gets it who has not asked for it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from bot.pages.confined import Person, run
from bot.pages.headers import PREVIEW_AGENT

NAMES = ("chromium", "chromium-browser", "google-chrome")
LOADING = 5.0
"""Seconds after which a page that still loads is shown as it is."""
LARGEST = 5 * 2**20
"""Bytes; half of what Telegram takes as a photo."""
WINDOW = "960,640"
PNG = b"\x89PNG\r\n\x1a\n"


def find_browser() -> str | None:
    """Chromium's program, where there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


async def picture(program: str, url: str, listener: tuple[str, int]) -> bytes | None:
    """A PNG of the page; None when the browser made none. Raises OSError, TimeoutError."""
    person = Person.nobody()
    folder = await asyncio.to_thread(_new_folder, person)
    try:
        command = (program, *_arguments(urlsplit(url).hostname or "", folder, listener))
        await run((*command, f"http://{urlsplit(url).netloc}/"), folder, person)
        return await asyncio.to_thread(_read, folder / "page.png", person)
    finally:
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))


def _arguments(host: str, folder: Path, listener: tuple[str, int]) -> tuple[str, ...]:
    # Whatever port the page names on its own host: only the listener answers. IP addresses are names to this rule too.
    rules = f"MAP {host} {bracketed(listener[0])}:{listener[1]}, MAP * ~NOTFOUND"
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


def _new_folder(person: Person) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="dosirak-preview-"))
    if person.user is not None and person.group is not None:
        os.chown(folder, person.user, person.group)
    return folder


def _read(file: Path, person: Person) -> bytes | None:
    """The picture, if it is the browser's own: a link that it laid there would have us read anybody's file."""
    try:
        number = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(number, "rb") as opened:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != person.own or found.st_size > LARGEST:
            return None
        content = opened.read(LARGEST)
    return content if content.startswith(PNG) else None


def bracketed(host: str) -> str:
    """As an address stands in a URL."""
    return f"[{host}]" if ":" in host else host
