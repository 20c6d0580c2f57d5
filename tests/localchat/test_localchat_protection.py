"""Who gets in: this run's own page on this machine, nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.localchat.client import Served


@pytest.fixture
async def browser(chat: Served) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that has opened the page and so has its cookie."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(chat.url, cookie_jar=jar) as http:
        async with http.get("/") as response:
            assert response.status == 200
        yield http


async def _status(http: aiohttp.ClientSession, path: str, method: str = "POST", **headers: str) -> int:
    async with http.request(method, path, json={}, headers=headers) as response:
        return response.status


async def test_the_page_brings_a_cookie_that_scripts_cannot_read(chat: Served) -> None:
    """And a policy: nothing from elsewhere, no inline scripts, no frames."""
    async with aiohttp.ClientSession() as http, http.get(chat.url) as response:
        cookie = response.headers["Set-Cookie"]
        policy = response.headers["Content-Security-Policy"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert policy.startswith("default-src 'self'; ") and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_a_request_for_another_host_is_refused(chat: Served, browser: aiohttp.ClientSession) -> None:
    """DNS rebinding: the name that the browser was given is not ours; the bot's own calls are held to it too."""
    port = chat.url.rpartition(":")[2]
    for host in (f"evil.example:{port}", f"x.localhost:{port}", "localhost:1", "localhost"):
        assert await _status(browser, "/", "GET", Host=host) == 421
        assert await _status(browser, f"/bot{chat.chat.token}/getMe", Host=host) == 421
    assert await _status(browser, "/", "GET", Host=f"localhost:{port}") == 200


async def test_an_act_needs_the_pages_own_origin(chat: Served, browser: aiohttp.ClientSession) -> None:
    """Another site, a learner's page on this machine, or no origin at all: refused, live connection included."""
    port = chat.url.rpartition(":")[2]
    assert await _status(browser, "/api/hello", Origin=chat.url) == 200
    for origin in ("http://evil.example", f"http://k3v9.localhost:{port}", "null"):
        assert await _status(browser, "/api/hello", Origin=origin) == 403
        assert await _status(browser, "/api/live", "GET", Origin=origin) == 403
    assert await _status(browser, "/api/hello") == 403
    assert await _status(browser, "/api/live", "GET") == 403


async def test_an_act_needs_this_runs_session(chat: Served) -> None:
    """By cookie or by header; a wrong one is refused."""
    async with aiohttp.ClientSession(chat.url) as http:
        assert await _status(http, "/api/hello", Origin=chat.url) == 403
        assert await _status(http, "/api/files/x", "GET") == 403
        session = {"X-Dosirak-Session": chat.chat.session}
        assert await _status(http, "/api/hello", Origin=chat.url, **session) == 200
        assert await _status(http, "/api/hello", Origin=chat.url, **{"X-Dosirak-Session": "guess"}) == 403


async def test_an_uploaded_page_is_a_download(chat: Served, browser: aiohttp.ClientSession) -> None:
    """HTML that somebody sent never runs in this origin."""
    form = aiohttp.FormData({"user": "1001", "chat": "1001"})
    form.add_field("document", b"<script>alert(1)</script>", filename="x.html", content_type="text/html")
    async with browser.post("/api/say", data=form, headers={"Origin": chat.url}) as response:
        file_id = (await response.json())["document"]["file_id"]
    async with browser.get(f"/api/files/{file_id}") as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
