"""The chapter's exercise done wholly in vi, by taps and messages, within Telegram's limits."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.chatclient import Member, Seen
from tests.e2e.house import House

pytestmark = pytest.mark.engine

PATIENCE = 30.0
WEB = "docker container run --detach --publish 8088:80 diamol/ch02-hello-diamol-web"
VI = "docker container exec -it $(docker container ls --quiet) vi htdocs/index.html"
PHONE_COLUMNS, PHONE_ROWS = 40, 20


async def test_the_page_is_changed_in_vi(dosirak: House) -> None:
    """A phone-sized screen, one message for it, keys by taps; and the published page is the new one."""
    async with dosirak.running(), dosirak.member(1001) as learner:
        await learner.says(WEB)
        page = re.search(r"http://\S+", (await learner.sees("🌐 웹 페이지가 열렸어요", timeout=PATIENCE)).text)
        assert page is not None
        await learner.says(VI)
        screen = await learner.sees("- htdocs/index.html 1/", timeout=PATIENCE)
        assert screen.button(":wq") and "엔터 없이 그대로 입력돼요" in screen.text
        assert len(rows_of(screen.text)) == PHONE_ROWS
        await learner.says("dG")
        await learner.says("i<h1>Hello, vi</h1>")
        typed = await learner.sees("<h1>Hello, vi</h1>▌", timeout=PATIENCE)
        await is_gone(learner, screen)
        await learner.presses("⏎", on=typed)
        await learner.says("<p>도시락</p>")
        await learner.sees("\n<p>도시락</p>", timeout=PATIENCE)
        await learner.presses("Esc")
        await learner.presses("↑")
        await learner.sees("1/2 50%", timeout=PATIENCE)
        await learner.presses(":wq")
        await learner.sees("✓", timeout=PATIENCE)
        seen = await dosirak.visitor().sees(page[0], "<h1>Hello, vi</h1>")
        assert "<p>도시락</p>" in seen.text
        await the_line_size_is_back(learner)


async def test_a_shell_in_a_container_is_left_running(dosirak: House) -> None:
    """Docker's detach keys are a button while a container has the terminal."""
    async with dosirak.running(), dosirak.member(1001) as learner:
        await learner.says("docker container run -it --name box diamol/base")
        await learner.sees("⌨ 프로그램이 입력을 기다려요", timeout=PATIENCE)
        await learner.presses("Ctrl-P Ctrl-Q")
        await learner.sees("✓", timeout=PATIENCE)
        await learner.says("docker container ls")
        await learner.sees("box", timeout=PATIENCE)


async def is_gone(learner: Member, screen: Seen) -> None:
    """There is one screen: the one from before goes when the new one has come."""
    async with asyncio.timeout(PATIENCE):
        while learner.now(screen) is not None:  # noqa: ASYNC110 - a deleted message tells nobody
            await asyncio.sleep(0.05)


def rows_of(text: str) -> list[str]:
    """The screen's rows: between the command above and the hint below."""
    return text.splitlines()[1:-1]


async def the_line_size_is_back(learner: Member) -> None:
    await learner.says("stty size")
    await learner.sees("24 80", timeout=PATIENCE)
