"""Live messages against the local server with Telegram's limits on, and the bot's own pace: not one 429."""

from __future__ import annotations

import asyncio

import pytest

from bot.chat.pace import TELEGRAM_PACE, Pace
from bot.localchat import Limits
from bot.localchat.faults import Fault
from bot.localchat.seed import GROUP_ID
from tests.chat.bash_lab import HELD
from tests.chat.conftest import House
from tests.chatclient import Member

FORUM = -1001000000002
CHATTY = "for i in $(seq 60); do echo line $i; sleep 0.1; done"
PATIENCE = 40.0


@pytest.fixture
def pace() -> Pace:
    return TELEGRAM_PACE


@pytest.fixture
def limits() -> Limits:
    return Limits()


def too_fast(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the bot writes down for every 429."""
    return [record.message for record in caplog.records if "asks to wait" in record.message]


async def test_a_busy_private_chat_stays_within_the_limits(learner: Member, caplog: pytest.LogCaptureFixture) -> None:
    """A chatty program, a card and a help in between, keys in a full-screen program: nothing is refused."""
    await learner.says(CHATTY)
    for command in ("/ps", "/help", "/steps"):
        await learner.says(command)
    await learner.sees("line 60\n", timeout=PATIENCE)
    await learner.says("printf '\\e[?1049h'; while read -rsn1 key; do echo \"<$key>\"; done")
    await learner.sees_button(":wq", timeout=PATIENCE)
    for _ in range(12):
        await learner.presses("↑", timeout=PATIENCE)
        await asyncio.sleep(0.2)
    await learner.presses("Ctrl-C")
    await learner.sees("130", timeout=PATIENCE)
    assert not too_fast(caplog)


async def test_a_command_in_a_busy_group_is_answered_as_soon_as_anything_may_be_sent(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Its first frame is a reply, like any other; only redraws wait until there is plenty."""
    one = TELEGRAM_PACE.group
    async with Member(house.url, 1001, chat=GROUP_ID) as learner:
        for _ in range(round(one.capacity)):
            await learner.says("/help")
        async with asyncio.timeout(PATIENCE):
            # Each answer is seen by itself, and their number by nobody.
            while len([seen for seen in learner.messages if seen.from_bot]) < one.capacity:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await learner.says("/sh sleep 60")
        await learner.sees("$ sleep 60", timeout=(1 + one.reserve / 2) / one.rate)
        await learner.presses("⏹ Ctrl-C", timeout=PATIENCE)
        await learner.sees("130", timeout=PATIENCE)
    assert not too_fast(caplog)


async def test_topics_of_a_group_share_its_limit(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Two terminals at work in one group: twenty messages a minute are enough for both ends."""
    async with Member(house.url, 1002, chat=FORUM) as organiser:
        topic = (await organiser.call("topic", chat=FORUM, name="둘"))["id"]
        async with (
            Member(house.url, 1001, chat=FORUM, topic=1) as one,
            Member(house.url, 1002, chat=FORUM, topic=topic) as two,
        ):
            await one.says(f"/sh {CHATTY}")
            await two.says(f"/sh {CHATTY}")
            await one.sees("line 60\n", timeout=PATIENCE)
            await two.sees("line 60\n", timeout=PATIENCE)
    assert not too_fast(caplog)


async def test_the_end_comes_once_whatever_fails(house: House, learner: Member) -> None:
    """429, server faults, answers lost before and after the edit was carried out: one last frame, the newest."""
    for fault in (
        Fault("editMessageText", 429, retry_after=2),
        Fault("editMessageText", 502, applied=True),
        Fault("editMessageText", 500),
        Fault("editMessageText", 502),
    ):
        house.local.faults.order(fault)
    await learner.says(CHATTY)
    await learner.sees("✓", timeout=PATIENCE)
    ends = [seen for seen in learner.messages if "✓" in seen.text]
    assert len(ends) == 1 and "line 60\n" in ends[0].text


async def test_an_end_that_telegram_holds_back_still_comes(house: House, learner: Member) -> None:
    """The final frame meets the 429 itself: it is the one that is sent when the time is over."""
    await learner.says(f"{HELD}; echo over")
    await learner.sees("⏳ 실행 중", timeout=PATIENCE)
    house.local.faults.order(Fault("editMessageText", 429, retry_after=1, times=2))
    house.labs.only.shell.let_go()
    await learner.sees("\nover\n", timeout=PATIENCE)
