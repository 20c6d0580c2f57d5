"""Updates of one conversation keep their order, those of many run side by side, and Stop waits for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from telegram import CallbackQuery, Chat, Message, Update, User

from bot.chat.callbacks import encode
from bot.chat.processor import ScopeOrder

PERSON = User(1, "하늘", is_bot=False)


def message(chat_id: int, number: int, *, topic: int | None = None) -> Message:
    chat = Chat(chat_id, Chat.PRIVATE if chat_id > 0 else Chat.SUPERGROUP)
    now = datetime.now(UTC)
    return Message(number, now, chat, PERSON, text="ls", message_thread_id=topic, is_topic_message=topic is not None)


def text(chat_id: int, number: int = 1, *, topic: int | None = None) -> Update:
    return Update(number, message=message(chat_id, number, topic=topic))


def tap(chat_id: int, data: str) -> Update:
    return Update(9, callback_query=CallbackQuery("q", PERSON, "i", message=message(chat_id, 1), data=data))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event of its own
            await asyncio.sleep(0)


async def test_one_conversation_goes_in_order() -> None:
    """The second waits for the first, even when the first is slow."""
    order, seen, gate = ScopeOrder(), [], asyncio.Event()

    async def slow() -> None:
        await gate.wait()
        seen.append("slow")

    async def quick() -> None:
        seen.append("quick")

    async with asyncio.TaskGroup() as group:
        group.create_task(order.process_update(text(1), slow()))
        await until(lambda: order.scopes_in_work)
        group.create_task(order.process_update(text(1), quick()))
        await asyncio.sleep(0.01)
        assert seen == []
        gate.set()
    assert seen == ["slow", "quick"]
    assert order.scopes_in_work == 0


@pytest.mark.parametrize(
    "other", [text(2), text(-7, topic=5), tap(1, encode("stop")), tap(1, encode("key", "esc"))], ids=str
)
async def test_others_and_stop_do_not_wait(other: Update) -> None:
    """Another chat, another topic, and the buttons that reach a running program."""
    order, gate, done = ScopeOrder(), asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        await gate.wait()

    async def quick() -> None:
        done.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(order.process_update(text(1), slow()))
        await until(lambda: order.scopes_in_work)
        await order.process_update(other, quick())
        assert done.is_set()
        gate.set()


async def test_a_flood_from_one_chat_is_cut() -> None:
    """Beyond the bound updates are dropped, so that one chat never takes everybody's places."""
    order, gate, handled = ScopeOrder(max_waiting=3), asyncio.Event(), []

    async def work(number: int) -> None:
        await gate.wait()
        handled.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(order.process_update(text(1, number), work(number)))
        await until(lambda: order.scopes_in_work)
        await asyncio.sleep(0.01)
        gate.set()
    assert handled == [0, 1, 2, 3]
    assert order.scopes_in_work == 0


async def test_a_handler_that_fails_lets_the_next_one_in() -> None:
    """The turn is given back however it ends."""
    order, seen = ScopeOrder(), []

    async def fails() -> None:
        raise ValueError

    async def works() -> None:
        seen.append(1)

    with pytest.raises(ValueError):
        await order.process_update(text(1), fails())
    await order.process_update(text(1), works())
    assert seen == [1]
