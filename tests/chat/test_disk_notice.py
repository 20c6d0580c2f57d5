"""What a learner reads when something was stopped because of the disk."""

from __future__ import annotations

from itertools import product

import pytest

from bot.chat.disk import notice
from bot.chat.texts import Words, read_texts
from bot.identity import LabId
from bot.sandbox.events import DiskLimitReached, TableFull
from tests.chat.conftest import House
from tests.chatclient import Member

GIB = 2**30


@pytest.mark.parametrize("words", read_texts().values(), ids=str)
def test_each_case_has_a_sentence_of_its_own(words: Words) -> None:
    """Stopped, removed, or the host's own trouble; a container by its name, or the terminal."""
    said = {}
    for names, removed, host_full in product(((), ("greedy", "other")), (False, True), (False, True)):
        if removed and host_full:
            continue
        event = DiskLimitReached(LabId("0123456789"), names, 2 * GIB, GIB, removed, host_full)
        text = notice(words, event).text.text
        assert ("greedy, other" in text) == bool(names)
        assert ("1.0 GiB" in text) == (not host_full)
        said[text] = event
    assert len(said) == 6


@pytest.mark.parametrize("words", read_texts().values(), ids=str)
def test_who_took_the_terminals_of_all_is_told_so(words: Words) -> None:
    """What was stopped, by its name or as the terminal."""
    container, terminal = (notice(words, TableFull(LabId("0123456789"), names)).text.text for names in (("taker",), ()))
    assert "taker" in container and container != terminal


def test_a_small_limit_is_told_in_its_unit() -> None:
    """As the operator wrote it."""
    words = next(iter(read_texts().values()))
    event = DiskLimitReached(LabId("0123456789"), ("greedy",), 70 << 20, 64 << 20)
    assert "64 MiB" in notice(words, event).text.text


async def test_the_one_whose_lab_it_is_hears_of_it(house: House, learner: Member) -> None:
    """In their chat and language, while they work or not."""
    await learner.says("true")
    await learner.sees("✓")
    (record,) = await house.store.labs.all()
    house.events.tell(DiskLimitReached(record.lab_id, ("greedy",), 2 * GIB, GIB))
    assert "greedy" in (await learner.sees("💾")).text
