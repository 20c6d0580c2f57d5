"""The bot is killed in the middle of a command: the next one finds everything, and says what it cannot know."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.chatclient import Member, Seen
from tests.e2e.house import House
from tests.faults.process import running
from tests.faults.telegram import Telegram

pytestmark = pytest.mark.engine

WEB = "docker run -d --name web -p 8088:80 diamol/ch02-hello-diamol-web"
BUSY = "echo begun; read word; echo $word again; sleep 600"
PATIENCE = 30.0
"""Seconds for anything: the machine may be busy."""
AGAIN = "🔁 다시"
STOPPED = "🔌 도시락이 멈추면서 여기서 끊겼어요. 파일과 진도는 그대로예요."
CUT_OFF = "🔌 도시락이 다시 시작되면서 여기서 끊겼어요. 파일과 진도는 그대로예요."


async def ended(learner: Member, piece: str) -> Seen:
    """A command has ended, and `piece` is in its message."""
    return await learner.sees_where(
        lambda seen: piece in seen.text and seen.button(AGAIN), f"the end with {piece!r}", timeout=PATIENCE
    )


async def in_the_middle(learner: Member) -> Seen:
    """The message of `BUSY`, moved under the learner's input: then the bot has noted which it is."""
    first = await learner.sees("begun\n", timeout=PATIENCE)
    await learner.says("word")
    moved = await learner.sees("word again\n", timeout=PATIENCE)
    await learner.sees_where(lambda seen: learner.now(first) is None, "the first message taken away")
    return moved


async def test_a_killed_bot_goes_on_where_it_was(place: House, telegram: Telegram) -> None:
    """Killed while a program runs: step, lab, container and page are kept; the cut message ends; the terminal works."""
    async with telegram.person() as learner:
        async with running(telegram.used_by(place.settings)):
            await learner.says("/start")
            await learner.presses("▶ 1장 시작")
            await learner.presses("다음 ▶")
            await learner.says(WEB)
            page = re.findall(r"http://\S+", (await learner.sees("http://", timeout=PATIENCE)).text)[0]
            await learner.says("echo kept > note; " + BUSY)
            cut = await in_the_middle(learner)
        async with running(telegram.used_by(place.settings)):
            await comes_to_an_end(learner, cut)
            assert (await place.visitor().opens(page)).status == 200
            await learner.says("docker container ls; cat note")
            shown = await ended(learner, "kept\n")
            assert " web\n" in shown.text and len(re.findall(r" Up ", shown.text)) == 1
            await learner.says("/start")
            await learner.sees_button("▶ 이어서 · 2단계")


@pytest.mark.parametrize("line", ["read word", "while true; do sleep 1; done", "sleep 600; sleep 500", "echo 'open"])
async def test_what_bash_itself_was_at_does_not_take_the_next_line(place: House, telegram: Telegram, line: str) -> None:
    """A `read`, a loop, the rest of a list or an open quote ends with the bot that was killed."""
    async with telegram.person() as learner:
        async with running(telegram.used_by(place.settings)):
            await learner.says(line)
            shown = await learner.sees_button("⏹", timeout=PATIENCE)
            await noted(place, [shown.id])
        async with running(telegram.used_by(place.settings)):
            await learner.sees(CUT_OFF, timeout=PATIENCE)
            await learner.says("echo next")
            await ended(learner, "\nnext\n")


async def comes_to_an_end(learner: Member, cut: Seen) -> None:
    """The message of the command that was cut off loses its buttons, and a word says so."""
    await learner.sees(CUT_OFF, timeout=PATIENCE)
    left = learner.now(cut)
    assert left is None or not left.button("⏹"), left


async def test_a_restart_without_a_running_command_says_nothing(place: House, telegram: Telegram) -> None:
    """Killed while idle: nobody is told of an interruption that was none, and the shell is the same."""
    async with telegram.person() as learner:
        async with running(telegram.used_by(place.settings)):
            await learner.says("sleep 600 & name=dosirak")
            await ended(learner, "✓")
            await noted(place, [])
        async with running(telegram.used_by(place.settings)):
            await learner.says("echo $name; jobs")
            assert "Running" in (await ended(learner, "dosirak\n")).text
            assert not learner.shows("🔌")


async def test_a_lab_whose_containers_run_again_takes_its_place(place: House, telegram: Telegram) -> None:
    """After a clean stop and a start it is open on record too: it is counted, and parked when nobody uses it."""
    async with telegram.person() as learner:
        async with running(telegram.used_by(place.settings)) as bot:
            await learner.says(WEB)
            await learner.sees("http://", timeout=PATIENCE)
            assert await bot.stopped() == 0
        assert states(place) == ["parked"]
        async with running(telegram.used_by(place.settings)), asyncio.timeout(PATIENCE):
            while states(place) != ["open"]:  # noqa: ASYNC110 - the bot's own start
                await asyncio.sleep(0.1)


def states(place: House) -> list[str]:
    """The labs' states on record."""
    return recorded(place, "SELECT state FROM labs")


async def noted(place: House, messages: list[int]) -> None:
    """Wait until the bot has on record that these are the messages of the commands that run: it does so after they
    have come to the chat, and after a final frame there are none."""
    async with asyncio.timeout(PATIENCE):
        while recorded(place, "SELECT message_id FROM commands") != messages:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)


def recorded(place: House, query: str) -> list[Any]:
    """One column of the bot's state."""
    with closing(sqlite3.connect(f"file:{place.settings.state}/dosirak.sqlite3?mode=ro", uri=True)) as file:
        return [value for (value,) in file.execute(query)]


async def test_a_clean_stop_ends_the_running_command_in_the_chat(place: House, telegram: Telegram) -> None:
    """SIGTERM while a program runs: its output stays, a sentence says what has ended it, and the next run works."""
    async with telegram.person() as learner:
        async with running(telegram.used_by(place.settings)) as bot:
            await learner.says(BUSY)
            await in_the_middle(learner)
            assert await bot.stopped() == 0
        last = await learner.sees(STOPPED, timeout=PATIENCE)
        assert "word again\n" in last.text and not last.buttons
        async with running(telegram.used_by(place.settings)):
            await learner.says("echo works")
            await ended(learner, "works\n")
            assert not learner.shows(CUT_OFF)
