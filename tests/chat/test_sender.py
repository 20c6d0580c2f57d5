"""What goes over the wire when the bot says something, and what becomes of what Telegram answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.chat.botapi import BotApi, encoded
from bot.chat.message import Button, Outgoing
from bot.chat.sender import Sender
from bot.chat.transport import AiohttpRequest, TooFast, Unanswered
from bot.identity import Scope
from bot.richtext import RichText, marked, moment
from tests.chat.double import Server

TOKEN = "123:secret-token"
HERE = Scope(7)
SENT = {"message_id": 5, "photo": [{"file_id": "small"}, {"file_id": "large"}]}


@pytest.fixture
async def api(server: tuple[Server, str]) -> AsyncIterator[BotApi]:
    async with AiohttpRequest() as transport:
        yield BotApi(transport, server[1] + TOKEN)


@pytest.fixture
def sender(server: tuple[Server, str], api: BotApi) -> Sender:
    server[0].answer = (200, {"ok": True, "result": SENT})
    return Sender(Bot(TOKEN), api)


async def test_a_message_has_its_entities_and_buttons(server: tuple[Server, str], sender: Sender) -> None:
    """Every field under the Bot API's name, and none without a value."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    text = marked("bold", "컨테이너") + " " + marked("pre", "ls", language="sh") + moment("12:00", at)
    rows = ((Button("실행", data="v1:run"), Button("복사", copy="ls")), (Button("열기", url="http://a.b/?c=d&e"),))
    assert await sender.send(Scope(-7, 3), Outgoing(text, rows)) == 5
    seen: dict[str, Any] = dict(server[0].seen[0])
    assert seen["path"].endswith("/sendMessage") and seen["chat_id"] == "-7" and seen["message_thread_id"] == "3"
    assert seen["text"] == text.text and json.loads(seen["link_preview_options"]) == {"is_disabled": True}
    assert json.loads(seen["entities"]) == [
        {"type": "bold", "offset": 0, "length": 4},
        {"type": "pre", "offset": 5, "length": 2, "language": "sh"},
        {"type": "date_time", "offset": 7, "length": 5, "unix_time": int(at.timestamp()), "date_time_format": "t"},
    ]
    assert json.loads(seen["reply_markup"])["inline_keyboard"] == [
        [{"text": "실행", "callback_data": "v1:run"}, {"text": "복사", "copy_text": {"text": "ls"}}],
        [{"text": "열기", "url": "http://a.b/?c=d&e"}],
    ]


async def test_a_plain_message_is_its_text(server: tuple[Server, str], sender: Sender) -> None:
    """No empty lists, no topic where there is none."""
    await sender.send(HERE, Outgoing(RichText("a & b = c + d")))
    assert set(server[0].seen[0]) == {"path", "type", "chat_id", "text", "link_preview_options"}
    assert server[0].seen[0]["text"] == "a & b = c + d"


async def test_a_picture_of_the_course_travels_once(server: tuple[Server, str], sender: Sender, tmp_path: Path) -> None:
    """The second time its name at Telegram is enough: that of its largest size."""
    file = tmp_path / "box.png"
    file.write_bytes(b"a picture")
    for _ in range(2):
        assert await sender.picture(HERE, file, "상자") == 5
    first, second = server[0].seen
    assert first["photo"] == ("picture.png", b"a picture") and second["photo"] == "large"
    assert first["caption"] == second["caption"] == "상자"


async def test_a_picture_that_telegram_has_lost_is_sent_again(
    server: tuple[Server, str], sender: Sender, tmp_path: Path
) -> None:
    """Its old name is refused; nobody goes without the picture."""
    file = tmp_path / "box.png"
    file.write_bytes(b"a picture")
    await sender.picture(HERE, file)
    server[0].queue.append((400, {"ok": False, "description": "Bad Request: wrong file identifier/HTTP URL specified"}))
    assert await sender.picture(HERE, file) == 5
    assert server[0].seen[-1]["photo"] == ("picture.png", b"a picture")


@pytest.mark.parametrize(
    ("status", "parameters", "error"),
    [
        (400, {}, BadRequest),
        (400, {"migrate_to_chat_id": -1005}, ChatMigrated),
        (401, {}, InvalidToken),
        (403, {}, Forbidden),
        (404, {}, InvalidToken),
        (429, {"retry_after": 7}, TooFast),
        (500, {}, NetworkError),
        (502, {}, NetworkError),
    ],
)
async def test_refusals_are_named_as_the_library_names_them(
    server: tuple[Server, str], api: BotApi, status: int, parameters: dict[str, int], error: type[TelegramError]
) -> None:
    """Whoever handles them need not know which of the two has made a call."""
    server[0].answer = (status, {"ok": False, "description": "no", "parameters": parameters})
    with pytest.raises(error) as caught:
        await api.call("sendMessage", encoded(chat_id=1, text="hello"))
    assert type(caught.value) is error


@pytest.mark.parametrize(("status", "error"), [(200, Unanswered), (502, NetworkError), (504, Unanswered)])
async def test_a_page_in_between_is_a_network_error(
    server: tuple[Server, str], api: BotApi, status: int, error: type[NetworkError]
) -> None:
    """To be tried again, and not to be written into the log as it is; some leave open whether the call was done."""
    server[0].answer = (status, "<html>a gateway of somebody</html>")
    with pytest.raises(NetworkError) as caught:
        await api.call("getMe")
    assert "gateway" not in str(caught.value) and type(caught.value) is error
