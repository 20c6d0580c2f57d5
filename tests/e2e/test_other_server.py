"""The same bot on another Bot API server: TELEGRAM_TOKEN and TELEGRAM_API_URL choose it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.localchat import LocalChat
from deploy.host.temporary import EngineHost
from tests.chatclient import Member
from tests.e2e.house import house

pytestmark = pytest.mark.engine

PATIENCE = 20.0


@asynccontextmanager
async def another_server(state: Path) -> AsyncIterator[tuple[LocalChat, str]]:
    """A Bot API server that is not the bot's own, and its address."""
    async with LocalChat(state) as chat:
        runner = web.AppRunner(chat.application(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield chat, f"http://{host}:{port}"
        await runner.cleanup()


async def test_the_first_step_plays_on_another_server(
    engine_host: EngineHost, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A learner there taps Run; the bot has no chat page of its own, and its token is in no line of the log."""
    caplog.set_level(logging.INFO)
    async with another_server(tmp_path) as (chat, url):
        where = {"telegram_token": SecretStr(chat.token), "telegram_api_url": url}
        async with house(engine_host, **where) as place, place.running():
            async with Member(url, 1001) as learner:
                await learner.says("/start")
                await learner.presses("▶ 1장 시작", timeout=PATIENCE)
                await learner.presses("▶ 실행", timeout=PATIENCE)
                await learner.sees("Hello from Chapter 2!", timeout=PATIENCE)
                await learner.sees("✅ 해냈어요", timeout=PATIENCE)
            assert (await place.visitor().opens(f"{place.url}/")).status == 404
    secret = chat.token.partition(":")[2]
    assert "answering as @dosirak_bot" in caplog.text
    assert secret not in caplog.text
    assert not any(secret in str(record.__dict__) for record in caplog.records)
