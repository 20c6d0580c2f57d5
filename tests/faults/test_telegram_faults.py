"""Telegram is away, refuses, delays, or has lost a message: the command's end reaches the chat, once."""

from __future__ import annotations

import asyncio

import pytest

from tests.chatclient import Member, Seen
from tests.faults.telegram import Line

pytestmark = pytest.mark.engine

AGAIN = "🔁 다시"
AWAY = "Telegram does not answer"
AWAY_SECONDS = 3.0
"""Long enough for several attempts of each kind, and for the command to end meanwhile."""
BACK = "Telegram answers again"


async def ended(learner: Member, piece: str, timeout: float = 30.0) -> Seen:
    """A command has ended, and `piece` is in its message."""
    return await learner.sees_where(
        lambda seen: piece in seen.text and seen.button(AGAIN), f"the end with {piece!r}", timeout=timeout
    )


def the_only(learner: Member, piece: str) -> Seen:
    """The one message that has `piece` now."""
    (shown,) = (one for one in learner.messages if one.from_bot and piece in one.text)
    return shown


async def warmed(learner: Member) -> None:
    """The lab is open, and nothing is due any more."""
    await learner.says("echo warm")
    await ended(learner, "\nwarm\n")


@pytest.mark.parametrize("how", ["cut", "jam"])
async def test_telegram_may_be_away(line: Line, how: str) -> None:
    """No connection, or a front server's error page, while a command runs: afterwards its end is in the chat, once,
    what was asked meanwhile is answered, and the log has one line for each turn."""
    before = len(line.bot.lines)
    async with line.telegram.person() as learner:
        await warmed(learner)
        await learner.says("echo begun; sleep 1.5; echo finished")
        await learner.sees("\nbegun\n")
        await (line.wire.cut() if how == "cut" else line.wire.jam())
        await learner.call("say", chat=learner.chat, text="/help")
        await asyncio.sleep(AWAY_SECONDS)
        await line.wire.mend()
        await learner.sees("🍱", timeout=30)
        await ended(learner, "\nfinished\n", timeout=30)
        await line.bot.logs(BACK, times=sum(BACK in one for one in line.bot.lines[:before]) + 1)
        the_only(learner, "\nfinished\n")
    told = [one for one in line.bot.lines[before:] if "bot.chat.outage" in one]
    assert len(told) == 2 and AWAY in told[0] and BACK in told[1]


async def test_a_wait_holds_one_chat_alone(line: Line) -> None:
    """429 on an edit: its chat gets the final frame when the time is over, and another chat does not wait."""
    async with line.telegram.person() as held, line.telegram.person() as other:
        await warmed(held)
        await warmed(other)
        line.telegram.order("editMessageText", 429, wait=4)
        await held.says("echo begun; sleep 0.7; echo finished")
        await held.sees("\nbegun\n")
        await line.bot.logs("Telegram asks to wait 4 s before more goes to a chat")
        await other.says("echo mine")
        await ended(other, "\nmine\n", timeout=3.5)
        assert not held.shows("\nfinished\n")
        await ended(held, "\nfinished\n")


async def test_a_wait_at_the_first_frame(line: Line) -> None:
    """429 on sendMessage: the message comes later, once."""
    async with line.telegram.person() as learner:
        await warmed(learner)
        line.telegram.order("sendMessage", 429, wait=2)
        await learner.says("echo hello")
        await ended(learner, "\nhello\n")
        the_only(learner, "\nhello\n")


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_a_servers_fault_is_tried_again(line: Line, method: str) -> None:
    """500 and 502 a few times: the end is in the chat, once."""
    async with line.telegram.person() as learner:
        await warmed(learner)
        line.telegram.order(method, 500)
        line.telegram.order(method, 502)
        await learner.says("echo begun; sleep 1; echo finished")
        await ended(learner, "\nfinished\n")
        the_only(learner, "\nfinished\n")


async def test_an_edit_whose_answer_is_lost_is_not_a_second_message(line: Line) -> None:
    """Carried out, and then a fault instead of an answer: the edit is tried again, and the same message ends."""
    async with line.telegram.person() as learner:
        await warmed(learner)
        line.telegram.order("editMessageText", 500, applied=True)
        await learner.says("echo begun; sleep 1; echo finished")
        begun = await learner.sees("\nbegun\n")
        await ended(learner, "\nfinished\n")
        await learner.says("echo next")
        await ended(learner, "\nnext\n")
        assert the_only(learner, "\nfinished\n").id == begun.id


async def test_a_deleted_terminal_message_comes_anew(line: Line) -> None:
    """The learner has deleted the message of a running command: the next frame is a new one, with all of it."""
    async with line.telegram.person() as learner:
        await warmed(learner)
        await learner.says("echo begun; read word; echo $word again")
        begun = await learner.sees("\nbegun\n")
        await learner.call("delete", chat=learner.chat, message=begun.id)
        await learner.says("word")
        assert "\nbegun\n" in (await ended(learner, "\nword again\n")).text


async def test_a_blocked_bot_stops_what_nobody_reads(line: Line) -> None:
    """403: the program is interrupted, quietly; a learner who comes back has the lab and a free terminal."""
    async with line.telegram.person() as learner:
        await warmed(learner)
        line.telegram.order("editMessageText", 403)
        await learner.says("echo begun; while true; do sleep 0.1; echo -n .; done")
        await learner.sees("\nbegun\n")
        await line.bot.logs("a command is interrupted: its chat cannot be reached any more")
        await learner.says("echo back")
        await ended(learner, "\nback\n")
