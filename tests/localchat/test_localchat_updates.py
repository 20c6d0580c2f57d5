"""What the bot hears: updates, their confirmation, pressed buttons, groups and topics."""

from __future__ import annotations

import asyncio

import pytest

from bot.localchat.limits import Limits
from tests.chatclient import Member, Refusal
from tests.localchat.client import FORUM, GROUP, LEARNER, TOPIC, Refused, Served
from tests.localchat.conftest import Clock, Serve


async def test_updates_stay_until_an_offset_confirms_them(chat: Served) -> None:
    """Read twice they are the same; the offset takes away what lies before it."""
    async with Member(chat.url) as learner:
        for text in ("하나", "둘", "셋"):
            await learner.says(text)
    first = await chat.updates()
    assert [update["message"]["text"] for update in first] == ["하나", "둘", "셋"]
    assert await chat.updates(limit=2) == first[:2]
    assert await chat.updates(offset=first[1]["update_id"]) == first[1:]
    assert await chat.updates(offset=-1) == first[2:]
    assert await chat.updates(offset=first[2]["update_id"] + 1) == []


async def test_a_waiting_poll_gets_the_update_at_once(chat: Served) -> None:
    """No sleeping between looks."""
    poll = asyncio.get_running_loop().create_task(chat.updates(timeout=20))
    async with Member(chat.url) as learner:
        await learner.says("안녕")
        async with asyncio.timeout(2):
            assert [update["message"]["text"] for update in await poll] == ["안녕"]


async def test_the_bot_gets_the_kinds_that_it_asked_for(chat: Served) -> None:
    """allowed_updates holds until the next call that names it."""
    await chat.updates(allowed_updates=["callback_query"])
    async with Member(chat.url) as learner:
        await learner.says("안녕")
        assert await chat.updates() == []
        await chat.updates(allowed_updates=[])
        await learner.says("또 안녕")
        assert len(await chat.updates()) == 1


async def test_a_person_is_shown_as_telegram_shows_them(chat: Served) -> None:
    """With a language, seconds as date, a command entity on a command, and whole ids."""
    async with Member(chat.url) as learner:
        await learner.call("language", language="en")
        await learner.says("/start ch02-hello")
    message = (await chat.updates())[0]["message"]
    assert message["from"] == {
        "id": LEARNER,
        "is_bot": False,
        "first_name": "하늘",
        "username": "haneul",
        "language_code": "en",
    }
    assert message["chat"]["type"] == "private" and message["date"] == 1_800_000_000
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_a_person_edits_their_own_words_only(chat: Served) -> None:
    """The bot reads an edited_message; foreign words stay."""
    async with Member(chat.url) as learner:
        said = await learner.says("docker pz")
        await learner.edits(said, "docker ps")
        edited = (await chat.updates())[1]["edited_message"]
        assert edited["text"] == "docker ps" and edited["edit_date"] == 1_800_000_000
        await chat.bot("sendMessage", chat_id=LEARNER, text="봇의 글")
        with pytest.raises(Refusal, match="can't be edited"):
            await learner.edits(await learner.sees("봇의 글"), "내 글")


async def test_media_and_stickers_come_as_what_they_are(chat: Served) -> None:
    """A sticker has its emoji, a document its name."""
    async with Member(chat.url) as learner:
        await learner.sends_sticker("🐳")
        await learner.sends("document", "메모.txt", b"text")
    sticker, document = (update["message"] for update in await chat.updates())
    assert sticker["sticker"]["emoji"] == "🐳" and "text" not in sticker
    assert document["document"]["file_name"] == "메모.txt"


async def test_a_pressed_button_is_answered_once_and_in_time(serve: Serve) -> None:
    """The person sees the answer; a second one and a late one are too old."""
    clock = Clock()
    async with serve(clock=clock) as chat, Member(chat.url) as learner:
        await learner.says("/start")
        keyboard = {"inline_keyboard": [[{"text": "실행", "callback_data": "v1:run"}]]}
        await chat.bot("sendMessage", chat_id=LEARNER, text="1장", reply_markup=keyboard)
        query = await learner.presses("실행")
        pressed = (await chat.updates())[-1]["callback_query"]
        assert (pressed["data"], pressed["id"], pressed["message"]["text"]) == ("v1:run", query, "1장")
        assert pressed["chat_instance"]
        answer = {"callback_query_id": query, "text": "시작했어요", "show_alert": True}
        assert await chat.bot("answerCallbackQuery", **answer) is True
        toast = await learner.sees_toast(query)
        assert (toast.text, toast.alert) == ("시작했어요", True)
        late = await learner.presses("실행")
        clock.now += Limits().callback_seconds + 1
        for query_id in (query, late):
            with pytest.raises(Refused, match="query is too old and response timeout expired"):
                await chat.bot("answerCallbackQuery", callback_query_id=query_id)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("안녕하세요", False),
        ("/ps", True),
        ("/ps@dosirak_bot", True),
        ("/ps@other_bot", False),
        ("@dosirak_bot 안녕", False),
        ("여기 /ps", False),
    ],
)
async def test_in_a_group_the_bot_hears_what_is_meant_for_it(chat: Served, text: str, heard: bool) -> None:
    """Privacy mode: commands, but not talk, mentions, or another bot's commands."""
    async with Member(chat.url, 1002, chat=GROUP) as member:
        await member.says(text)
    assert bool(await chat.updates()) is heard
    assert (await chat.bot("getMe"))["can_read_all_group_messages"] is False


async def test_in_a_group_the_bot_hears_answers_to_itself(chat: Served) -> None:
    """The answer carries what it answers, and its thread; an answer to a person is not heard."""
    async with Member(chat.url, 1002, chat=GROUP) as member:
        human = await member.says("누가 해 볼래요?")
        await chat.bot("sendMessage", chat_id=GROUP, text="터미널")
        terminal = await member.sees("터미널")
        await member.says("저요", reply_to=human)
        await member.says("docker ps", reply_to=terminal)
    (update,) = await chat.updates()
    message = update["message"]
    assert message["chat"]["id"] == GROUP and message["chat"]["type"] == "supergroup"
    assert message["reply_to_message"]["text"] == "터미널"
    assert message["message_thread_id"] == terminal.id and "is_topic_message" not in message


async def test_each_chat_counts_its_own_messages(chat: Served) -> None:
    """Ids grow by chat."""
    async with Member(chat.url) as learner, Member(chat.url, 1002, chat=GROUP) as member:
        assert (await learner.says("a")).id == 1
        assert (await learner.says("b")).id == 2
        assert (await member.says("a")).id == 1


async def test_a_topic_is_a_place_of_its_own(chat: Served) -> None:
    """Its messages name it, answer its opening, and the bot can open, rename and close topics."""
    async with Member(chat.url, 1002, chat=FORUM, topic=TOPIC) as member:
        await member.says("/ps")
        message = (await chat.updates())[0]["message"]
        assert message["is_topic_message"] is True and message["message_thread_id"] == TOPIC
        assert message["reply_to_message"]["forum_topic_created"]["name"] == "2장 실습"
        await chat.bot("sendMessage", chat_id=FORUM, message_thread_id=TOPIC, text="주제 안")
        await member.sees("주제 안")
        opened = await chat.bot("createForumTopic", chat_id=FORUM, name="질문")
        where = {"chat_id": FORUM, "message_thread_id": opened["message_thread_id"]}
        await chat.bot("sendMessage", **where, text="다른 주제")
        assert not member.shows("다른 주제")
        assert await chat.bot("closeForumTopic", **where) is True
        with pytest.raises(Refused, match="TOPIC_CLOSED"):
            await chat.bot("sendMessage", **where, text="늦은 글")
        with pytest.raises(Refused, match="message thread not found"):
            await chat.bot("sendMessage", chat_id=FORUM, message_thread_id=4711, text="어디?")
        with pytest.raises(Refused, match="the chat is not a forum"):
            await chat.bot("createForumTopic", chat_id=GROUP, name="질문")


async def test_a_quiz_takes_one_vote_and_tells_the_bot(chat: Served) -> None:
    """poll_answer names the person when the quiz is not anonymous; a stopped quiz takes none."""
    async with Member(chat.url) as learner:
        await learner.says("/start")
        poll = {"question": "왜?", "options": ["하나", {"text": "둘"}], "type": "quiz", "correct_option_ids": [1]}
        sent = await chat.bot("sendPoll", chat_id=LEARNER, is_anonymous=False, **poll)
        vote = {"chat": LEARNER, "message": sent["message_id"], "options": [1]}
        await learner.call("vote", **vote)
        answer = (await chat.updates())[-1]["poll_answer"]
        assert (answer["poll_id"], answer["option_ids"]) == (sent["poll"]["id"], [1])
        with pytest.raises(Refusal, match="REVOTE_NOT_ALLOWED"):
            await learner.call("vote", **vote)
        stopped = await chat.bot("stopPoll", chat_id=LEARNER, message_id=sent["message_id"])
        assert stopped["is_closed"] is True and stopped["total_voter_count"] == 1


async def test_a_newcomer_has_a_private_chat_and_is_in_the_group(chat: Served) -> None:
    """More people for tests with many learners."""
    async with Member(chat.url) as learner:
        guest = await learner.call("join", first_name="손님", language="en")
    async with Member(chat.url, guest["id"]) as newcomer:
        await newcomer.says("/start")
    assert (await chat.updates())[0]["message"]["chat"]["first_name"] == "손님"
    assert (await chat.bot("getChatMember", chat_id=GROUP, user_id=guest["id"]))["status"] == "member"


async def test_commands_and_words_are_kept_by_language(chat: Served) -> None:
    """The page shows a person the bot in their language; bad command names are refused."""
    for language, words in (("", "List"), ("ko", "목록")):
        commands = [{"command": "ps", "description": words}]
        assert await chat.bot("setMyCommands", commands=commands, language_code=language) is True
        assert await chat.bot("getMyCommands", language_code=language) == commands
    await chat.bot("setMyName", name="Dosirak", language_code="en")
    async with Member(chat.url) as korean, Member(chat.url, 1003) as english:
        for member, description, name in ((korean, "목록", "도시락"), (english, "List", "Dosirak")):
            bot = (await member.call("hello"))["bot"]
            assert bot["commands"]["private"] == [{"command": "ps", "description": description}]
            assert bot["first_name"] == name
    with pytest.raises(Refused, match="BOT_COMMAND_INVALID"):
        await chat.bot("setMyCommands", commands=[{"command": "목록", "description": "x"}])


async def test_a_group_becomes_a_supergroup_under_another_id(chat: Served) -> None:
    """The bot hears it in both chats, and what it sends to the old one is refused with the new id."""
    async with Member(chat.url, LEARNER, chat=GROUP) as learner:
        new = (await learner.call("upgrade", chat=GROUP))["id"]
        old_note, new_note = [update["message"] for update in await chat.updates()]
        assert (old_note["chat"]["id"], old_note["migrate_to_chat_id"]) == (GROUP, new)
        assert (new_note["chat"]["id"], new_note["migrate_from_chat_id"]) == (new, GROUP)
        with pytest.raises(Refused, match="upgraded to a supergroup"):
            await chat.bot("sendMessage", chat_id=GROUP, text="여기요")
        await chat.bot("sendMessage", chat_id=new, text="여기요")
        with pytest.raises(Refusal):
            await learner.call("upgrade", chat=GROUP)
