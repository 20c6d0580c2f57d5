"""python-telegram-bot itself talks to the local chat over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaDocument, Message, MessageEntity, Update
from telegram.error import Conflict
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters

from tests.chatclient import Member
from tests.localchat.client import FORUM, GROUP, LEARNER, Served


def _application(chat: Served) -> Application[Any, Any, Any, Any, Any, Any]:
    builder = Application.builder().token(chat.chat.token)
    return builder.base_url(f"{chat.url}/bot").base_file_url(f"{chat.url}/file/bot").build()


async def _start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("▶ 실행", callback_data="v1:run")]])
    entities = [MessageEntity(MessageEntity.BOLD, 0, 3)]
    await update.message.reply_text("도시락 1장", entities=entities, reply_markup=keyboard)


async def _run(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.callback_query
    assert query is not None and isinstance(query.message, Message)
    await query.answer("실행했어요")
    await query.edit_message_text("Hello from Chapter 2!")
    await query.message.reply_document(b"whole output", filename="output.log")


async def _echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None and update.message.text is not None
    await update.message.reply_text(update.message.text)


async def test_a_bot_on_python_telegram_bot_polls_answers_and_edits(chat: Served) -> None:
    """A command, a tap, an edit, a document: the unchanged library takes part in all of it."""
    application = _application(chat)
    application.add_handler(CommandHandler("start", _start))
    application.add_handler(CallbackQueryHandler(_run))
    application.add_handler(MessageHandler(filters.TEXT, _echo))
    async with application:
        assert application.updater is not None
        await application.updater.start_polling(allowed_updates=Update.ALL_TYPES)
        await application.start()
        try:
            async with Member(chat.url) as learner:
                await learner.says("/start")
                lesson = await learner.sees("도시락 1장")
                assert lesson.shape["entities"] == [{"type": "bold", "offset": 0, "length": 3}]
                query = await learner.presses("▶ 실행")
                assert (await learner.sees_toast(query)).text == "실행했어요"
                assert (await learner.sees("Hello from Chapter 2!")).id == lesson.id
                document = await learner.sees_file("document")
                assert await learner.opens(document.shape["document"]["file_id"]) == b"whole output"
                await learner.says("안녕 🍱")
                await learner.sees("안녕 🍱")
        finally:
            await application.updater.stop()
            await application.stop()


async def test_the_bot_reads_a_file_that_a_person_sent(chat: Served) -> None:
    """getFile and the file route give the bytes back."""
    async with _application(chat) as application:
        async with Member(chat.url) as learner:
            await learner.sends("document", "메모.txt", "도커".encode(), caption="보세요")
        (update,) = await application.bot.get_updates(timeout=0)
        assert update.message is not None and update.message.document is not None
        assert update.message.document.file_name == "메모.txt" and update.message.caption == "보세요"
        file = await update.message.document.get_file()
        assert bytes(await file.download_as_bytearray()) == "도커".encode()


async def test_the_library_reads_every_kind_of_update(chat: Served) -> None:
    """One field missing would lose the whole batch: a press, a vote, an edit, a topic, an answer in a thread."""
    async with _application(chat) as application:
        bot = application.bot
        async with Member(chat.url) as learner:
            said = await learner.says("/start")
            keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("a", callback_data="a")]])
            message = await bot.send_message(LEARNER, "a", reply_markup=keyboard)
            await learner.presses("a")
            quiz = await bot.send_poll(
                LEARNER, "q", ["a", "b"], type="quiz", correct_option_ids=[1], is_anonymous=False
            )
            await learner.call("vote", chat=LEARNER, message=quiz.message_id, options=[0])
            await learner.edits(said, "/help")
            await learner.call("topic", chat=FORUM, name="새 주제")
        kinds = ["message", "callback_query", "poll", "poll_answer", "edited_message", "message"]
        updates = await bot.get_updates(timeout=0)
        assert [next(kind for kind in update.to_dict() if kind != "update_id") for update in updates] == kinds
        assert updates[1].callback_query.message.message_id == message.message_id
        assert updates[5].message.forum_topic_created.name == "새 주제"


async def test_the_library_reads_every_answer(chat: Served) -> None:
    """Chats, members, commands, topics, polls, files, reactions, pins, drafts: what the methods give back."""
    async with _application(chat) as application, Member(chat.url) as learner:
        bot = application.bot
        await learner.says("/start")
        assert (await bot.get_chat(FORUM)).is_forum
        assert (await bot.get_chat_member(GROUP, LEARNER)).status == "creator"
        assert await bot.set_my_commands([("ps", "목록")], language_code="ko")
        assert (await bot.get_my_commands(language_code="ko"))[0].command == "ps"
        topic = await bot.create_forum_topic(FORUM, "주제")
        assert await bot.close_forum_topic(FORUM, topic.message_thread_id)
        poll = await bot.send_poll(LEARNER, "q", ["a", "b"])
        assert (await bot.stop_poll(LEARNER, poll.message_id)).is_closed
        document = await bot.send_document(LEARNER, b"log", filename="a.log", caption="a")
        changed = await bot.edit_message_media(
            InputMediaDocument(b"more", caption="b", filename="b.log"), LEARNER, document.message_id
        )
        assert changed.document.file_name == "b.log" and changed.caption == "b"
        assert await bot.set_message_reaction(LEARNER, 1, "👍")
        assert await bot.pin_chat_message(LEARNER, document.message_id)
        assert await bot.send_message_draft(LEARNER, 1, "쓰는 중")
        assert await bot.delete_messages(LEARNER, [document.message_id, 999])


async def test_a_second_poller_ends_the_first(chat: Served) -> None:
    """Two bots on one token: the first one reads 409, in Telegram's words."""
    async with _application(chat) as first, _application(chat) as second:
        poll = asyncio.get_running_loop().create_task(first.bot.get_updates(timeout=20))
        async with asyncio.timeout(5):
            while not chat.chat.updates._poll:  # noqa: ASYNC110 - a poll that waits tells nobody
                await asyncio.sleep(0.01)
        assert await second.bot.get_updates(timeout=0) == ()
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await poll
