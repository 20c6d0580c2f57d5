"""The transport speaks the Bot API's wire, and names failures as the library does, without the token."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InputFile
from telegram.error import BadRequest, NetworkError, TimedOut

from bot.chat.transport import AiohttpRequest, NotSent, TooFast
from tests.chat.double import Server

TOKEN = "123:secret-token"


@pytest.fixture
async def bot(server: tuple[Server, str]) -> AsyncIterator[Bot]:
    request = AiohttpRequest()
    await request.initialize()
    yield Bot(TOKEN, base_url=server[1], request=request)
    await request.shutdown()


async def test_a_call_is_a_form(server: tuple[Server, str], bot: Bot) -> None:
    """Plain values as they are, nested ones as JSON."""
    await bot.set_my_commands([("ps", "내 컨테이너")])
    assert server[0].seen[0]["type"] == "application/x-www-form-urlencoded"
    assert '"command": "ps"' in str(server[0].seen[0]["commands"])


async def test_a_file_is_a_part(server: tuple[Server, str], bot: Bot) -> None:
    """Files travel as multipart, with their name."""
    server[0].answer = (400, {"ok": False, "description": "Bad Request: enough"})
    with pytest.raises(BadRequest):
        await bot.send_document(1, InputFile(b"hello", filename="output.log"))
    seen = server[0].seen[0]
    assert seen["type"] == "multipart/form-data" and seen["chat_id"] == "1"
    assert ("output.log", b"hello") in seen.values()


async def test_429_carries_its_time(server: tuple[Server, str], bot: Bot) -> None:
    """The lane needs to know for how long to hold."""
    server[0].answer = (429, {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 7}})
    with pytest.raises(TooFast) as caught:
        await bot.get_me()
    assert caught.value.seconds == 7


@pytest.mark.parametrize("status", [500, 502])
async def test_a_servers_fault_is_a_network_error(server: tuple[Server, str], bot: Bot, status: int) -> None:
    """To be tried again, not to be blamed on the request."""
    server[0].answer = (status, {"ok": False, "description": "Internal Server Error"})
    with pytest.raises(NetworkError) as caught:
        await bot.get_me()
    assert not isinstance(caught.value, BadRequest)


async def test_no_answer_in_time_is_a_timeout(server: tuple[Server, str], bot: Bot) -> None:
    """The request may have been done: that is not the same as not sent."""
    server[0].delay = 1.0
    with pytest.raises(TimedOut):
        await bot.get_me(read_timeout=0.05)


async def test_no_server_is_not_sent(bot: Bot) -> None:
    """And the error does not tell the token, which stands in the address."""
    other = Bot(TOKEN, base_url="http://127.0.0.1:1/bot", request=bot.request)
    with pytest.raises(NotSent) as caught:
        await other.get_me()
    assert TOKEN not in str(caught.value)


async def test_answers_are_heard(server: tuple[Server, str]) -> None:
    """Who watches for outages is told each status."""
    heard: list[int] = []
    request = AiohttpRequest(answered=heard.append)
    async with request:
        await Bot(TOKEN, base_url=server[1], request=request).delete_webhook()
    assert heard == [200]
