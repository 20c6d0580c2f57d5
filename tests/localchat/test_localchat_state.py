"""What outlives a restart, and what is let go."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.localchat.files import FRESH_SECONDS, FileShelf, picture_size
from bot.localchat.limits import Limits
from bot.localchat.storage import ID_GAP, load, save
from bot.localchat.values import File
from tests.chatclient import Member
from tests.localchat.client import LEARNER, Served
from tests.localchat.conftest import Serve


async def _talk(chat: Served) -> int:
    """A few words both ways; the id of the bot's last message."""
    async with Member(chat.url) as learner:
        await learner.says("/start")
        await learner.sends("document", "log.txt", b"kept")
    keyboard = {"inline_keyboard": [[{"text": "다음", "callback_data": "n", "style": "primary"}]]}
    entities = [{"type": "pre", "offset": 0, "length": 2, "language": "sh"}]
    sent = await chat.bot("sendMessage", chat_id=LEARNER, text="ls", entities=entities, reply_markup=keyboard)
    return int(sent["message_id"])


async def test_a_restart_keeps_the_conversation_and_its_ids(serve: Serve) -> None:
    """Messages, files, buttons and updates that nobody confirmed are there again; the token is a new one."""
    async with serve() as chat:
        last = await _talk(chat)
        before = await chat.updates()
        token = chat.chat.token
    async with serve() as chat, Member(chat.url) as learner:
        assert chat.chat.token != token
        assert await chat.updates() == before
        lesson = learner.messages[-1]
        assert (lesson.text, lesson.shape["entities"][0]["language"]) == ("ls", "sh")
        document = next(seen for seen in learner.messages if "document" in seen.shape)
        assert await learner.opens(document.shape["document"]["file_id"]) == b"kept"
        await learner.presses("다음")
        assert (await learner.says("또 왔어요")).id == last + 1
        await chat.bot("editMessageText", chat_id=LEARNER, message_id=last, text="고친 글")
        await learner.sees("고친 글")


async def test_after_a_crash_no_id_is_used_twice(serve: Serve, tmp_path: Path) -> None:
    """The last half second may be lost; its ids are not given to others."""
    path = tmp_path / "localchat" / "conversation.json"
    async with serve() as chat:
        last = await _talk(chat)
    snapshot = load(path)
    assert snapshot is not None
    crashed = json.loads(path.read_text()) | {"closed_cleanly": False}
    path.write_text(json.dumps(crashed))
    async with serve() as chat, Member(chat.url) as learner:
        assert (await learner.says("a")).id == last + ID_GAP + 1


@pytest.mark.parametrize(
    "damage", ["{broken", "[]", "{}", '{"users": 3}', '{"strange": 1}', '{"users": [{"id": "x"}]}']
)
async def test_a_damaged_file_is_put_aside(
    serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    """The chat begins anew and the log says where the old one lies."""
    folder = tmp_path / "localchat"
    folder.mkdir()
    (folder / "conversation.json").write_text(damage)
    async with serve() as chat, Member(chat.url) as learner:
        await learner.says("안녕")
    assert (folder / "conversation.damaged").read_text() == damage
    assert "was put aside as conversation.damaged" in caplog.text


async def test_a_chat_keeps_its_last_messages(serve: Serve) -> None:
    """The oldest leave; ids go on."""
    async with serve(limits=Limits(history=5)) as chat:
        async with Member(chat.url) as learner:
            for number in range(8):
                await learner.says(str(number))
        async with Member(chat.url) as learner:
            assert [seen.id for seen in learner.messages] == [4, 5, 6, 7, 8]


async def test_files_that_nobody_sees_are_deleted(tmp_path: Path) -> None:
    """And the oldest when there are too many bytes; a file that was just uploaded stays."""
    shelf = FileShelf(tmp_path / "files")
    shelf.open()
    old, shown, lost, fresh = [await shelf.save(name, None, b"12345") for name in ("a", "b", "c", "d")]
    long_ago = (tmp_path / "files" / old.id).stat().st_mtime - 2 * FRESH_SECONDS
    for file in (old, shown, lost):
        os.utime(tmp_path / "files" / file.id, (long_ago, long_ago))
    shelf.prune((old, shown), budget=5)
    assert [await shelf.read(file) for file in (old, shown, lost, fresh)] == [None, b"12345", None, b"12345"]


async def test_a_file_is_named_by_the_server(tmp_path: Path) -> None:
    """A client's name never becomes a path."""
    shelf = FileShelf(tmp_path / "files")
    shelf.open()
    file = await shelf.save("../../escape", None, b"x")
    assert [path.name for path in (tmp_path / "files").iterdir()] == [file.id]
    assert await shelf.read(File("nothing", "", "", 0)) is None


async def test_a_state_is_written_whole_or_not_at_all(serve: Serve, tmp_path: Path) -> None:
    """What was read is what is written; nothing is left beside it."""
    async with serve() as chat:
        await _talk(chat)
    path = tmp_path / "localchat" / "conversation.json"
    snapshot = load(path)
    assert snapshot is not None and snapshot.closed_cleanly
    save(path, snapshot)
    assert load(path) == snapshot
    assert sorted(item.name for item in path.parent.iterdir()) == ["conversation.json", "files"]


@given(st.binary(max_size=64), st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a"]))
def test_any_bytes_have_a_size_or_none(content: bytes, start: bytes) -> None:
    """A broken picture is no error."""
    width, height = picture_size(start + content)
    assert width >= 0 and height >= 0
