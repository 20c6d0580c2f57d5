"""A start that cannot be: every fault in a sentence that says what to do, exit code 2, nothing left running."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from bot.settings import CONTENT
from tests.e2e.house import House
from tests.faults.process import BotProcess
from tests.faults.telegram import Telegram

WRONG = "123456789:" + "A" * 35
"""Looks like a token, and is none."""


async def refused(bot: BotProcess, code: int = 2) -> list[str]:
    """The lines of a start that ends by itself with this exit code and without a traceback."""
    async with bot:
        assert await bot.ends() == code, bot.log
    assert "Traceback" not in bot.log
    return bot.lines


async def test_all_wrong_settings_are_named_in_one_start(place: House) -> None:
    """Three wrong variables: three lines, each with its variable."""
    wrong = {"DOSIRAK_LISTEN": "8080", "DOSIRAK_PAGE_TTL": "soon", "DOSIRAK_LAB_MEMORY_MIB": "1"}
    lines = await refused(BotProcess(place.settings, **wrong))
    assert sorted(line.partition(":")[0] for line in lines) == sorted(wrong)


async def test_a_broken_course_is_named_by_file_and_line(place: House, tmp_path: Path) -> None:
    """Two broken files: both are named with the line, and nothing else was started."""
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    step = sorted((content / "ch02").iterdir())[0]
    for language in ("ko", "en"):
        text = next(step.glob(f"{language}.md"))
        text.write_text(text.read_text().replace("title:", "titel:", 1))
    lines = await refused(BotProcess(place.settings, DOSIRAK_CONTENT=str(content)))
    assert {name for line in lines for name in ("ko.md:", "en.md:") if name in line} == {"ko.md:", "en.md:"}


async def test_a_port_in_use_is_said_at_once(place: House) -> None:
    """Another program has the port: the sentence names it and the variable."""
    with socket.create_server(("127.0.0.1", place.settings.listen_port)):
        (line,) = await refused(BotProcess(place.settings))
    assert line == f"DOSIRAK_LISTEN: {place.settings.listen}: another program has this port; choose another"


@pytest.mark.parametrize("token", [WRONG, "not-a-token"])
async def test_a_wrong_token_is_said_without_repeating_it(place: House, telegram: Telegram, token: str) -> None:
    """Telegram does not know the token (401) or its form (404): a sentence, and the token is nowhere."""
    bot = BotProcess(telegram.used_by(place.settings, token))
    lines = await refused(bot)
    assert lines[-1].startswith("TELEGRAM_TOKEN: ") and "@BotFather" in lines[-1]
    assert token not in bot.log


async def test_a_token_that_is_revoked_ends_the_bot_with_a_sentence(place: House, telegram: Telegram) -> None:
    """It worked, and then Telegram does not know it any more: the same sentence, the same exit code."""
    async with BotProcess(telegram.used_by(place.settings)) as bot:
        await bot.answers()
        telegram.order("getUpdates", 401)
        telegram.chat.updates.wake()
        assert await bot.ends() == 2, bot.log
    assert bot.lines[-1].startswith("TELEGRAM_TOKEN: ")
    assert "Traceback" not in bot.log and telegram.token not in bot.log


@pytest.mark.parametrize("damage", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_damaged_state_file_is_left_as_it_is(place: House, damage: bytes) -> None:
    """The sentence names the file and says what to do; not a byte of it has changed."""
    file = place.settings.state / "dosirak.sqlite3"
    file.write_bytes(damage)
    (line,) = await refused(BotProcess(place.settings), code=1)
    assert str(file) in line and "Nothing in it was changed" in line and "backup" in line
    assert file.read_bytes() == damage


async def test_an_engine_without_its_namespace_is_said(place: House) -> None:
    """The launcher has not made the engine's network namespace: a sentence instead of open walls."""
    gone = "/run/netns/dosirak-not-there"
    lines = await refused(BotProcess(place.settings, DOSIRAK_NETNS=gone), code=1)
    assert lines == [f"the engine's network namespace {gone} cannot be entered: No such file or directory"]
