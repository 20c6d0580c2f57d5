"""Inline mode: a card with one's own page, in any chat."""

from __future__ import annotations

from bot.sandbox.events import ContainerStarted
from bot.sandbox.summary import PublishedPort
from tests.chat.bash_lab import container
from tests.chat.conftest import House
from tests.chatclient import Member

WEB = container("quirky_hugle", number=77, ports=(PublishedPort(8088, 80, "tcp"),))


async def test_a_running_page_can_be_shared(house: House, learner: Member) -> None:
    """Its owner finds it, by its container's name too; nobody else does."""
    await learner.says("true")
    await learner.sees("✓")
    house.events.tell(ContainerStarted(house.labs.only.id, WEB))
    await learner.sees("quirky_hugle:80")
    for words, found in (("", 1), ("QUIRKY", 1), ("other", 0)):
        answer = await learner.asks_inline(words)
        assert len(answer["results"]) == found
    (card,) = (await learner.asks_inline(""))["results"]
    assert ".localhost:" in card["description"] and card["description"] in card["input_message_content"]["message_text"]
    async with Member(house.url, 1002) as other:
        answer = await other.asks_inline("")
        assert answer["results"] == [] and answer["button"]["start_parameter"] == "demo"
