"""How the program ends when something must be put right: a sentence for each fault, and a code that says so."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.__main__ import _WithoutToken, main
from bot.chat.bot import ChatBot
from bot.errors import SettingsError
from bot.settings import Settings
from tests.chat.conftest import House

TOKEN = "123456789:AA-secret"


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """`main` sets up the log of a whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TELEGRAM_TOKEN", "TELEGRAM_API_URL", "DOSIRAK_ENGINE", "DOSIRAK_NETNS", "DOSIRAK_CONTENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOSIRAK_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DOSIRAK_LISTEN", "127.0.0.1:0")


def test_help_explains(capsys: pytest.CaptureFixture[str]) -> None:
    """Every variable that the settings know is named."""
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    for field in Settings.model_fields.values():
        assert str(field.validation_alias) in said


def test_wrong_settings_are_all_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One start shows every fault."""
    monkeypatch.setenv("DOSIRAK_LISTEN", "nowhere")
    monkeypatch.setenv("DOSIRAK_PAGE_TTL", "1")
    assert main([]) == 2
    said = capsys.readouterr().err
    assert "DOSIRAK_LISTEN:" in said and "DOSIRAK_PAGE_TTL:" in said


def test_a_port_in_use_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything else is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("DOSIRAK_LISTEN", f"127.0.0.1:{taken.getsockname()[1]}")
        assert main([]) == 2
    assert "another program has this port" in capsys.readouterr().err


def test_the_chat_page_is_for_this_machine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a token nobody else may reach it."""
    monkeypatch.setenv("DOSIRAK_LISTEN", "0.0.0.0:0")
    assert main([]) == 2
    assert "DOSIRAK_LISTEN:" in capsys.readouterr().err


def test_broken_content_is_named_by_file_and_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The start stops with `file:line`."""
    chapter = tmp_path / "content" / "ch02"
    chapter.mkdir(parents=True)
    (chapter / "chapter.yaml").write_text("id: [\n")
    monkeypatch.setenv("DOSIRAK_CONTENT", str(tmp_path / "content"))
    assert main([]) == 2
    assert "chapter.yaml:" in capsys.readouterr().err


async def test_a_wrong_token_is_not_repeated(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """The sentence names the variable and what to do; neither it nor the log shows the token."""
    chat = ChatBot(
        token=TOKEN,
        api_url=house.url,
        course=house.course,
        store=house.store,
        labs=house.labs,
        pages=house.pages,
        events=house.events,
        terms=house.terms,
        clock=lambda: house.now,
    )
    with pytest.raises(SettingsError, match="TELEGRAM_TOKEN") as caught:
        await chat.__aenter__()
    assert TOKEN not in str(caught.value) and TOKEN not in caplog.text


def test_no_log_line_shows_the_token() -> None:
    """Whoever wrote it: a library's error may hold the address, and the address holds the token."""
    record = logging.LogRecord("any", logging.ERROR, "", 0, "POST https://api/bot%s/getMe", (TOKEN,), None)
    assert TOKEN not in _WithoutToken(TOKEN).format(record)
