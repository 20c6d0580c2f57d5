"""Inline mode: a card with one's own page, in any chat."""

from __future__ import annotations

from bot.sandbox.events import ContainerStarted
from bot.sandbox.summary import PublishedPort
from tests.chat.bash_lab import container
from tests.chat.conftest import House
from tests.chatclient import Member

WEB = container("quirky_hugle", number=77, ports=(PublishedPort(8088, 80, "tcp"),))


async def test_a_running_page_can_be_shared(house: House, learner: Member) -> None:
    """Its owner finds it, by its container's name too, and whatever else they type; nobody else does."""
    await learner.says("true")
    await learner.sees("✓")
    house.events.tell(ContainerStarted(house.labs.only.id, WEB))
    await learner.sees("quirky_hugle:80")
    for words in ("", "QUIRKY", "my page"):
        answer = await learner.asks_inline(words)
        assert len(answer["results"]) == 1 and answer["button"] is None
    (card,) = (await learner.asks_inline(""))["results"]
    assert ".localhost:" in card["description"] and card["description"] in card["input_message_content"]["message_text"]
    async with Member(house.url, 1002) as other:
        answer = await other.asks_inline("")
        assert answer["results"] == [] and answer["button"]["start_parameter"] == "demo"


async def test_words_choose_among_several_pages(house: House, learner: Member) -> None:
    """Of very many those that Telegram takes in one answer are offered, rather than none."""
    await learner.says("true")
    await learner.sees("✓")
    many = tuple(PublishedPort(8100 + number, 80 + number, "tcp") for number in range(51))
    for one in (WEB, container("other", number=78, ports=many)):
        house.events.tell(ContainerStarted(house.labs.only.id, one))
    await learner.sees("other:130")
    assert len((await learner.asks_inline("quirky"))["results"]) == 1
    assert len((await learner.asks_inline(""))["results"]) == 50


async def test_the_card_speaks_the_language_that_was_chosen(house: House, learner: Member) -> None:
    """Their Telegram may speak another."""
    await learner.says("/lang")
    await learner.presses("English")
    await learner.sees("English")
    assert (await learner.asks_inline(""))["button"]["text"].startswith("🎬 No open web page")
