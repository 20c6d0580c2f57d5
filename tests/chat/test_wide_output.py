"""Output that is wider than a phone, through the chat with a real bash."""

from __future__ import annotations

import asyncio

from tests.chatclient import Member

TABLE = (
    "CONTAINER ID   IMAGE                          COMMAND                  CREATED         STATUS    PORTS     NAMES",
    "f1e2d3c4b5a6   diamol/ch02-hello-diamol-web   httpd-foreground         2 minutes ago   Up        80/tcp    web",
)


async def test_a_wide_table_comes_as_a_picture_too(learner: Member) -> None:
    """By itself, below the message; the lines stay there for copying."""
    await learner.says("docker() { printf '%s\\n' \"$@\"; }")
    await learner.sees("✓")
    await learner.says(f"docker '{TABLE[0]}' '{TABLE[1]}'")
    shown = await learner.sees("✓")
    picture = await learner.sees_file("photo")
    assert picture.id > shown.id and shown.button("🖼 넓게 보기")


async def test_a_wide_line_offers_a_picture(learner: Member) -> None:
    """The button says what it is good for; a narrow output's does not, and neither sends one unasked."""
    await learner.says("printf '%060d\\n' 7")
    wide = await learner.sees("✓")
    await learner.says("echo 7")
    narrow = await learner.sees("✓")
    await asyncio.sleep(0.3)
    assert wide.button("🖼 넓게 보기") and narrow.button("🖼 그림")
    assert not any("photo" in seen.shape for seen in learner.messages)
    await learner.presses("🖼 넓게 보기", on=wide)
    await learner.sees_file("photo")
