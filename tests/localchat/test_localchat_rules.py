"""The Bot API's rules, one promise each, with Telegram's own words."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import Any

import aiohttp
import pytest

from bot.localchat.keyboards import CALLBACK_BYTES, COPY_CHARACTERS, MAX_BUTTONS
from bot.localchat.limits import CAPTION_UNITS, PHOTO_BYTES
from bot.localchat.texts import MAX_ENTITIES
from bot.richtext import MAX_UNITS
from tests.chatclient import Member
from tests.localchat.client import LEARNER, Refused, Served, result


def picture(width: int = 40, height: int = 30) -> bytes:
    """A PNG of these sides; the header is what counts."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


@pytest.fixture
async def started(chat: Served) -> Served:
    """The learner has written to the bot, so the bot may write back."""
    async with Member(chat.url) as learner:
        await learner.says("/start")
    return chat


async def send(chat: Served, **parameters: Any) -> Any:
    return await chat.bot("sendMessage", **{"chat_id": LEARNER, "text": "글"} | parameters)


async def refused(words: str, call: Any, status: int = 400) -> None:
    """Awaiting `call` must be refused with exactly these words."""
    with pytest.raises(Refused, match=f"^{re.escape(words)}$") as caught:
        await call
    assert caught.value.status == status


async def upload(chat: Served, method: str, kind: str, content: bytes, **fields: str) -> Any:
    form = aiohttp.FormData({"chat_id": str(LEARNER)} | fields, quote_fields=False)
    form.add_field(kind, io.BytesIO(content), filename=f"{kind}.bin")
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{chat.url}/bot{chat.chat.token}/{method}", data=form) as response:
            return await result(response)


def button(**what: Any) -> dict[str, Any]:
    return {"reply_markup": {"inline_keyboard": [[{"text": "단추"} | what]]}}


async def test_a_text_may_have_4096_utf16_units_and_no_more(started: Served) -> None:
    """A character outside the basic plane counts twice."""
    assert len((await send(started, text="🍱" * (MAX_UNITS // 2)))["text"]) == MAX_UNITS // 2
    await refused("Bad Request: message is too long", send(started, text="🍱" * (MAX_UNITS // 2) + "a"))


async def test_blanks_alone_are_no_text(started: Served) -> None:
    """Telegram trims a text before it looks at it."""
    await refused("Bad Request: message text is empty", send(started, text=" \n "))
    assert (await send(started, text=f"글{' ' * MAX_UNITS}"))["text"] == "글"


@pytest.mark.parametrize(
    ("entity", "words"),
    [
        ({"type": "bold", "offset": 0, "length": 4}, "ends after the end of the text at UTF-16 offset 4"),
        ({"type": "bold", "offset": 9, "length": 1}, "entity begins after the end of the text at UTF-16 offset 9"),
        ({"type": "bold", "offset": 2, "length": 1}, "begins in a middle of a UTF-16 symbol"),
        ({"type": "bold", "offset": 0, "length": 2}, "ends in a middle of a UTF-16 symbol"),
        ({"type": "sparkle", "offset": 0, "length": 1}, "can't parse MessageEntity: Unsupported type specified"),
        ({"type": "text_link", "offset": 0, "length": 1}, "can't parse MessageEntity: Can't find field \"url\""),
        ({"type": "date_time", "offset": 0, "length": 1}, 'Can\'t find field "unix_time"'),
    ],
)
async def test_an_entity_must_fit_its_text(started: Served, entity: dict[str, Any], words: str) -> None:
    """Offsets count UTF-16 units: `글🍱` has three."""
    with pytest.raises(Refused) as caught:
        await send(started, text="글🍱", entities=[entity])
    assert words in caught.value.words


async def test_entities_beyond_a_hundred_are_ignored(started: Served) -> None:
    """Silently, as Telegram does."""
    entities = [{"type": "bold", "offset": place, "length": 1} for place in range(0, 400, 2)]
    sent = await send(started, text="a " * 200, entities=entities)
    assert len(sent["entities"]) == MAX_ENTITIES


async def test_links_are_found_but_not_in_code_and_not_commands(started: Served) -> None:
    """Found by the server in everybody's text; commands are marked in people's texts only, code stays code."""
    text = "http://a.localhost:8080/x. 그리고 /ps @dosirak_bot"
    plain = await send(started, text=text)
    assert [(item["type"], item["offset"], item["length"]) for item in plain["entities"]] == [
        ("url", 0, 25),
        ("mention", 35, 12),
    ]
    marked = await send(started, text=text, entities=[{"type": "code", "offset": 31, "length": 16}])
    assert [item["type"] for item in marked["entities"]] == ["url", "code"]


async def test_a_moment_keeps_its_time(started: Served) -> None:
    """The page shows it in the reader's own time zone, so the time must come through."""
    entity = {"type": "date_time", "offset": 3, "length": 5, "unix_time": 1700000000, "date_time_format": "t"}
    assert (await send(started, text="at 07:13", entities=[entity]))["entities"] == [entity]


async def test_html_becomes_entities(started: Served) -> None:
    """With UTF-16 offsets, and Telegram's words for a tag that it does not know."""
    html = '🍱 <b>굵게</b> <pre><code class="language-sh">ls &amp;&amp; pwd</code></pre>'
    sent = await send(started, text=html, parse_mode="HTML")
    assert sent["text"] == "🍱 굵게 ls && pwd"
    assert sent["entities"] == [
        {"type": "bold", "offset": 3, "length": 2},
        {"type": "pre", "offset": 6, "length": 9, "language": "sh"},
    ]
    words = 'Bad Request: can\'t parse entities: Unsupported start tag "name" at byte offset 0'
    await refused(words, send(started, text="<name>", parse_mode="HTML"))


async def test_callback_data_counts_in_utf8_bytes(started: Served) -> None:
    """22 syllables are 66 bytes: one too many syllables is refused, although it has few characters."""
    await send(started, **button(callback_data="x" * CALLBACK_BYTES))
    syllables = "가" * (CALLBACK_BYTES // 3 + 1)
    await refused("Bad Request: BUTTON_DATA_INVALID", send(started, **button(callback_data=syllables)))
    await refused("Bad Request: BUTTON_DATA_INVALID", send(started, **button(callback_data="")))


async def test_a_copy_button_copies_at_most_256_characters(started: Served) -> None:
    """Longer commands belong into the text, where they can be copied too."""
    await send(started, **button(copy_text={"text": "x" * COPY_CHARACTERS}))
    too_long = button(copy_text={"text": "x" * (COPY_CHARACTERS + 1)})
    await refused("Bad Request: BUTTON_COPY_TEXT_INVALID", send(started, **too_long))


@pytest.mark.parametrize("url", ["http://localhost:8080/", "http://k3v9.localhost:8080/", "http://127.0.0.1/", "box"])
async def test_a_button_links_to_public_hosts_only(started: Served, url: str) -> None:
    """A page on this machine is told as text."""
    words = f"Bad Request: inline keyboard button URL '{url}' is invalid: Wrong HTTP URL"
    await refused(words, send(started, **button(url=url)))
    await send(started, **button(url="https://docs.docker.com/"))


async def test_a_button_does_something(started: Served) -> None:
    """A text alone is no inline button, a style must be known, a hundred buttons are enough."""
    words = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
    await refused(f"Bad Request: {words}", send(started, **button()))
    with pytest.raises(Refused, match="invalid button style"):
        await send(started, **button(callback_data="a", style="loud"))
    rows = [[{"text": "a", "callback_data": "a"}]] * (MAX_BUTTONS + 1)
    with pytest.raises(Refused, match="too long"):
        await send(started, reply_markup={"inline_keyboard": rows})


async def test_an_edit_must_change_something(started: Served) -> None:
    """Same text, entities and keyboard: refused; another keyboard is a change, and leaves no mark."""
    sent = await send(started, text="글", **button(callback_data="a"))
    where = {"chat_id": LEARNER, "message_id": sent["message_id"]}
    words = (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    await refused(words, started.bot("editMessageText", **where, text="글 ", **button(callback_data="a")))
    await refused(words, started.bot("editMessageReplyMarkup", **where, **button(callback_data="a")))
    assert "edit_date" not in await started.bot("editMessageReplyMarkup", **where, **button(callback_data="b"))
    edited = await started.bot("editMessageText", **where, text="다른 글")
    assert edited["edit_date"] >= edited["date"] and "reply_markup" not in edited


async def test_only_own_texts_that_exist_are_edited(started: Served) -> None:
    """Unknown, a person's, without text: each has its words."""
    edit = lambda message_id: started.bot("editMessageText", chat_id=LEARNER, message_id=message_id, text="b")  # noqa: E731 -- three uses below
    await refused("Bad Request: message to edit not found", edit(999))
    await refused("Bad Request: message can't be edited", edit(1))
    document = await upload(started, "sendDocument", "document", b"log")
    await refused("Bad Request: there is no text in the message to edit", edit(document["message_id"]))


async def test_a_deleted_message_cannot_be_edited_or_deleted_again(started: Served) -> None:
    """Ids of deleted messages do not come back either."""
    sent = await send(started)
    where = {"chat_id": LEARNER, "message_id": sent["message_id"]}
    assert await started.bot("deleteMessage", **where) is True
    await refused("Bad Request: message to delete not found", started.bot("deleteMessage", **where))
    await refused("Bad Request: message to edit not found", started.bot("editMessageText", **where, text="b"))
    assert (await send(started))["message_id"] == sent["message_id"] + 1


async def test_a_photo_is_a_picture_with_a_short_caption(started: Served) -> None:
    """What is no picture, is too large, too long or too narrow, is refused; a document may be anything."""
    sent = await upload(started, "sendPhoto", "photo", picture(), caption="그림")
    assert (sent["photo"][0]["width"], sent["photo"][0]["height"], sent["caption"]) == (40, 30, "그림")
    await refused("Bad Request: IMAGE_PROCESS_FAILED", upload(started, "sendPhoto", "photo", b"text"))
    narrow = upload(started, "sendPhoto", "photo", picture(10, 500))
    await refused("Bad Request: PHOTO_INVALID_DIMENSIONS", narrow)
    large = upload(started, "sendPhoto", "photo", picture() + bytes(PHOTO_BYTES))
    with pytest.raises(Refused, match="is too big for a photo"):
        await large
    long = upload(started, "sendDocument", "document", b"log", caption="x" * (CAPTION_UNITS + 1))
    await refused("Bad Request: message caption is too long", long)
    await refused("Bad Request: file must be non-empty", upload(started, "sendDocument", "document", b""))


async def test_an_id_sends_a_file_again(started: Served) -> None:
    """file_id in place of an upload; an unknown one is refused."""
    sent = await upload(started, "sendDocument", "document", b"log")
    again = await started.bot("sendDocument", chat_id=LEARNER, document=sent["document"]["file_id"])
    assert again["document"]["file_id"] == sent["document"]["file_id"]
    with pytest.raises(Refused, match="wrong remote file identifier"):
        await started.bot("sendDocument", chat_id=LEARNER, document="AgAD")


async def test_a_bot_cannot_speak_first(chat: Served) -> None:
    """A private chat begins with the person's word; an unknown chat is not found."""
    await refused("Forbidden: bot can't initiate conversation with a user", send(chat), 403)
    await refused("Bad Request: chat not found", send(chat, chat_id=4711))
    await refused("Bad Request: chat_id is empty", send(chat, chat_id=""))


async def test_an_answer_needs_its_question(started: Served) -> None:
    """Unless it may be sent without."""
    reply = {"message_id": 999}
    await refused("Bad Request: message to be replied not found", send(started, reply_parameters=reply))
    await send(started, reply_parameters=reply | {"allow_sending_without_reply": True})


async def test_unknown_methods_and_tokens_have_telegrams_statuses(chat: Served) -> None:
    """404 for a method and a token of the wrong form, 401 for a token that is not this bot's."""
    await refused("Not Found", chat.bot("sendRichMessage"), 404)
    async with aiohttp.ClientSession() as http:
        for token, status in (("nonsense", 404), (f"777000123:{'x' * 35}", 401)):
            async with http.get(f"{chat.url}/bot{token}/getMe") as response:
                assert response.status == status and (await response.json())["error_code"] == status


@pytest.mark.parametrize("form", ["json", "data", "params"])
async def test_every_body_form_is_read(started: Served, form: str) -> None:
    """JSON, a form with nested JSON text, the query string; method names in any case."""
    entities: Any = [{"type": "bold", "offset": 0, "length": 1}]
    text = entities if form == "json" else '[{"type": "bold", "offset": 0, "length": 1}]'
    body = {"chat_id": str(LEARNER), "text": "a", "entities": text}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{started.url}/bot{started.chat.token}/SENDMESSAGE", **{form: body}) as response:
            assert (await result(response))["entities"] == entities


@pytest.mark.parametrize("name", ["entities", "reply_markup", "reply_parameters", "message_thread_id"])
@pytest.mark.parametrize(
    "value", [7, "x", [7], [[7]], {"inline_keyboard": [[7]]}, [{"type": "bold", "offset": [], "length": 1}]]
)
async def test_a_malformed_value_is_the_callers_fault(started: Served, name: str, value: Any) -> None:
    """A value of a wrong kind is refused or left aside, never an error of the server."""
    try:
        await send(started, **{name: value})
    except Refused as refusal:
        assert refusal.status == 400


async def test_a_webhook_is_refused_and_removing_one_is_fine(chat: Served) -> None:
    """The local chat is polled."""
    with pytest.raises(Refused, match="webhook"):
        await chat.bot("setWebhook", url="https://example.com/")
    assert await chat.bot("deleteWebhook") is True
    assert (await chat.bot("getWebhookInfo"))["url"] == ""
