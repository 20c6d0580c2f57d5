"""A full host: labs make room, people wait their turn, nobody takes all; and whom the bot talks to at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.chat.guests import GuestList
from bot.errors import EngineUnavailable
from bot.identity import Scope
from bot.learning.capacity import PARKED_LONG, QUIET, Bounds, HostRoom
from bot.localchat.seed import FORUM_ID, GROUP_ID
from bot.store import LabState
from tests.chat.bash_lab import HELD, container
from tests.chat.conftest import House
from tests.chatclient import Member, Seen
from tests.store.looking import audit_lines

HANEUL, MINJUN, ALEX = 1001, 1002, 1003


@pytest.fixture
async def small(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A host with room for one lab, and a bot that looks at the clock all the time."""
    monkeypatch.setattr("bot.chat.warden.TICK_SECONDS", 0.05)
    house.bounds = Bounds(labs=1)
    await house.restart()
    return house


@pytest.fixture
async def governed(house: House) -> None:
    """하늘 is the bot's admin."""
    house.guests = GuestList(admins=frozenset({HANEUL}))
    await house.restart()


@pytest.fixture
async def three(small: House) -> AsyncIterator[tuple[Member, Member, Member]]:
    async with AsyncExitStack() as stack:
        people = [Member(small.url, user) for user in (HANEUL, MINJUN, ALEX)]
        for person in people:
            await stack.enter_async_context(person)
        yield people[0], people[1], people[2]


Three = tuple[Member, Member, Member]


async def test_who_comes_when_it_is_full_waits_and_is_called(small: House, three: Three) -> None:
    """A place, an estimate, the call; then the command that had to wait runs by one tap."""
    haneul, minjun, alex = three
    await haneul.says("cat")
    await haneul.sees("⏳ 실행 중")
    await minjun.says("echo 내차례")
    await minjun.sees("1번째로 기다려요. 지금 쓰는 사람들이 그대로라면 4시간쯤")
    await alex.says("echo mine")
    await alex.sees("number 2 in the queue")
    await haneul.presses("⏹ Ctrl-C")
    await haneul.sees("130")
    await haneul.says("/close")
    await haneul.presses("🧹 닫기")
    await minjun.sees("자리가 났어요. 2분 동안")
    await haneul.says("echo 다시")
    await haneul.sees("2번째로 기다려요")
    await minjun.presses("▶ 실행")
    await minjun.sees("\n내차례\n")


async def test_everybody_of_a_group_keeps_what_they_wanted(small: House, three: Three) -> None:
    """One place for the group; when it is called each one's wish is done, in order, also after a restart."""
    haneul = three[0]
    await haneul.says("true")
    await haneul.sees("✓")
    async with Member(small.url, MINJUN, chat=GROUP_ID) as minjun, Member(small.url, ALEX, chat=GROUP_ID) as alex:
        await minjun.says("/sh echo 전에")
        await minjun.sees("1번째로 기다려요")
        await alex.says("/sh echo $((20+22))")
        await alex.sees_where(lambda seen: "1번째" in seen.text and seen.id > alex.messages[-2].id, "the second place")
        await minjun.says("/sh echo $((40+2))먼저")
        await small.restart()
        await haneul.says("/close")
        await haneul.presses("🧹 닫기")
        await alex.presses("▶ 실행", on=await alex.sees("자리가 났어요"))
        first, second = await minjun.sees("\n42먼저\n"), await minjun.sees("\n42\n")
        assert first.text.startswith("👥 민준") and second.text.startswith("👥 Alex") and first.id < second.id
        assert not alex.shows("\n전에\n")


@asynccontextmanager
async def waiting_group(small: House, owner: Member) -> AsyncIterator[tuple[Member, Member, Seen]]:
    """민준 and Alex, who want to echo their numbers in a group, and the last word about their place; the host's one lab
    is the owner's."""
    await owner.says("true")
    await owner.sees("✓")
    async with Member(small.url, MINJUN, chat=GROUP_ID) as minjun, Member(small.url, ALEX, chat=GROUP_ID) as alex:
        for person in (minjun, alex):
            await person.says(f"/sh echo {person.user}")
            waits = await person.sees("1번째로 기다려요")
        yield minjun, alex, waits


async def test_what_a_member_wanted_is_done_although_another_asks_for_something_new(small: House, three: Three) -> None:
    """The new command opens the group's lab without the call's button; the one that waited comes after it."""
    haneul = three[0]
    async with waiting_group(small, haneul) as (minjun, alex, _):
        await haneul.says("/close")
        await haneul.presses("🧹 닫기")
        await alex.sees("자리가 났어요")
        await minjun.says("/sh echo 새로")
        await minjun.sees("\n새로\n")
        assert (await minjun.sees(f"\n{ALEX}\n")).text.startswith("👥 Alex")
        await asyncio.sleep(0.3)
        assert not alex.shows(f"\n{MINJUN}\n") and not await small.store.queue.all()


async def test_who_stops_waiting_in_a_group_leaves_the_others_their_place(small: House, three: Three) -> None:
    """Each takes back their own; with the last one the group leaves."""
    haneul = three[0]
    async with waiting_group(small, haneul) as (minjun, alex, waits):
        await minjun.presses("✖ 그만 기다리기", on=waits)
        await minjun.sees("기다리지 않을게요")
        assert "보낸 사람만" in (await minjun.sees_toast(await minjun.presses("✖ 그만 기다리기", on=waits))).text
        await haneul.says("/close")
        await haneul.presses("🧹 닫기")
        await alex.presses("▶ 실행", on=await alex.sees("자리가 났어요"))
        await alex.sees(f"\n{ALEX}\n")
        assert not alex.shows(f"\n{MINJUN}\n")


async def test_a_new_drivers_rule_holds_for_those_who_wait_for_a_lab(small: House, three: Three) -> None:
    """Whose command was sent under the old one reads that it goes; the call's button is the driver's."""
    alex = three[2]
    await alex.says("true")
    await alex.sees("✓")
    async with Member(small.url, MINJUN, chat=GROUP_ID) as member, Member(small.url, HANEUL, chat=GROUP_ID) as admin:
        for person in (member, admin):
            await person.says(f"/sh echo {person.user}")
            await person.sees("1번째로 기다려요")
        await admin.says("/driver")
        await admin.presses("🛡 관리자만")
        await member.sees("민준: 실행할 사람이 바뀌어서")
        await alex.says("/close")
        await alex.presses("🧹 Close")
        called = await admin.sees("자리가 났어요")
        assert "관리자만" in (await member.sees_toast(await member.presses("▶ 실행", on=called))).text
        await admin.presses("▶ 실행", on=called)
        await admin.sees(f"\n{HANEUL}\n")
        assert not admin.shows(f"\n{MINJUN}\n")


@pytest.mark.parametrize("wish", ["✔ 확인", "/demo", "1 시작"])
async def test_whatever_needs_a_lab_gets_a_place_in_the_queue(small: House, three: Three, wish: str) -> None:
    """A check, a tour, a button of the card: done by one tap when there is room."""
    haneul, minjun, _ = three
    await minjun.says("/start ch02-hello")
    await minjun.says("true")
    await minjun.sees("✅")
    (record,) = await small.store.labs.all()
    small.labs.only.listed = [container("web", state="exited")]
    await small.labs.park(record.lab_id)
    await small.store.labs.set_state(record.lab_id, LabState.PARKED)
    await haneul.says("true")
    await haneul.sees("✓")
    if wish.startswith("/"):
        await minjun.says(wish)
    else:
        # Looking and asking need no room.
        await minjun.says("/ps")
        await minjun.presses("모두 삭제", on=await minjun.sees("내 컨테이너 1"))
        await minjun.presses("그대로", on=await minjun.sees("삭제할까요"))
        await minjun.sees("내 컨테이너 1")
        await minjun.presses(wish)
    await minjun.sees("1번째로 기다려요")
    await haneul.says("/close")
    await haneul.presses("🧹 닫기")
    before = len(minjun.messages)
    await minjun.presses("▶ 실행", on=await minjun.sees("자리가 났어요"))
    done = {"✔ 확인": "✅", "/demo": "여기까지예요", "1 시작": "시작했어요"}[wish]
    await minjun.sees_where(lambda seen: done in seen.text and seen.id > before, done)


async def test_a_restart_keeps_the_queue_and_its_order(small: House, three: Three) -> None:
    """Who waited longest is called first, and the command that had to wait runs."""
    haneul, minjun, alex = three
    await haneul.says("true")
    await haneul.sees("✓")
    for person, place in ((minjun, "1번째"), (alex, "number 2")):
        await person.says("echo 차례")
        await person.sees(place)
    await small.restart()
    await haneul.says("/close")
    await haneul.presses("🧹 닫기")
    await minjun.presses("▶ 실행", on=await minjun.sees("자리가 났어요"))
    await minjun.sees("\n차례\n")
    assert not alex.shows("There is room now")


async def test_a_place_is_not_kept_for_ever(small: House, three: Three) -> None:
    """Who does not come when called makes way for the next, and reads so."""
    haneul, minjun, alex = three
    await haneul.says("true")
    await haneul.sees("✓")
    for person, place in ((minjun, "1번째"), (alex, "number 2")):
        await person.says("echo hi")
        await person.sees(place)
    await haneul.says("/close")
    await haneul.presses("🧹 닫기")
    called = await minjun.sees("자리가 났어요")
    small.now += timedelta(minutes=2)
    await alex.sees("There is room now")
    assert "지났어요" in (await minjun.sees_toast(await minjun.presses("▶ 실행", on=called))).text
    await alex.presses("✖ Stop waiting")
    await alex.sees("Not waiting any more")
    await minjun.says("echo 이제")
    await minjun.sees("\n이제\n")


async def test_a_quiet_lab_makes_room_at_once(small: House, three: Three) -> None:
    """It is parked, which nobody notices: the files are there when it is used again."""
    haneul, minjun, _ = three
    await haneul.says("echo 도시락 > lunch")
    await haneul.sees("✓")
    small.now += QUIET
    await minjun.says("echo 안녕")
    await minjun.sees("\n안녕\n")
    small.now += QUIET
    await haneul.says("cat lunch")
    await haneul.sees("\n도시락\n")


async def test_for_the_disk_a_parked_lab_is_given_up_and_told(small: House, three: Three) -> None:
    """Only that frees disk; its people read what went and what stays."""
    haneul, minjun, _ = three
    await haneul.says("true")
    await haneul.sees("✓")
    small.now += timedelta(minutes=31)
    async with asyncio.timeout(5):
        while (await small.store.labs.all())[0].state is not LabState.PARKED:  # noqa: ASYNC110 - the bot's own tick
            await asyncio.sleep(0.01)
    small.now += PARKED_LONG
    small.meter = Full(small)
    await small.restart()
    await minjun.says("echo 안녕")
    await haneul.sees("디스크가 모자라서 오래 쉬던")
    await minjun.sees("\n안녕\n")


class Full:
    """A disk that is full as long as 하늘's lab is there."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def free(self) -> HostRoom:
        full = await self._house.store.labs.of(Scope(HANEUL)) is not None
        return HostRoom(memory=1 << 40, disk=0 if full else 1 << 40)


async def test_one_person_does_not_take_all(house: House) -> None:
    """Groups' labs count for who opened them; a lab of one's own that is there already goes on."""
    house.bounds = replace(Bounds(), labs_of_a_person=2)
    await house.restart()
    async with AsyncExitStack() as stack:
        places = [{}, {"chat": GROUP_ID}, {"chat": FORUM_ID, "topic": 1}]
        private, group, topic = [
            await stack.enter_async_context(Member(house.url, HANEUL, **place)) for place in places
        ]
        other = await stack.enter_async_context(Member(house.url, MINJUN, chat=FORUM_ID, topic=1))
        for place in (private, group):
            await place.says("/sh true")
            await place.sees("✓")
        await topic.says("/sh echo 셋째")
        await topic.sees("한 사람이 열 수 있는")
        await other.says("/sh echo 제것")
        await other.sees("\n제것\n")
        await topic.says("/sh echo 함께")
        await topic.sees("\n함께\n")


async def test_a_check_and_a_card_open_no_lab_beyond_what_one_person_may_have(house: House) -> None:
    """A lab that comes back from its rest is one more; who only looks at the card wakes nothing up."""
    house.bounds = Bounds(labs_of_a_person=1)
    await house.restart()
    async with AsyncExitStack() as stack:
        private, group = [
            await stack.enter_async_context(Member(house.url, HANEUL, **place)) for place in ({}, {"chat": GROUP_ID})
        ]
        await private.says("/start ch02-hello")
        await private.says("true")
        await private.sees("✅")
        (record,) = await house.store.labs.all()
        await house.labs.park(record.lab_id)
        await house.store.labs.set_state(record.lab_id, LabState.PARKED)
        await group.says("/sh true")
        await group.sees("✓")
        await private.presses("✔ 확인")
        await private.sees("한 사람이 열 수 있는")
        await private.says("/ps")
        await private.sees("컨테이너")
    assert len(house.labs.parked) == 1 and house.labs.get(record.lab_id) is None


# --- whom the bot talks to -------------------------------------------------------------------------------------------


async def test_an_admin_bans_reads_figures_and_forgives(house: House) -> None:
    """The banned one gets no answer at all, also after a restart; others have no such commands."""
    house.guests = GuestList(admins=frozenset({HANEUL}), banned=frozenset({ALEX}))
    await house.restart()
    async with AsyncExitStack() as stack:
        people = [Member(house.url, user) for user in (HANEUL, MINJUN, ALEX)]
        haneul, minjun, alex = [await stack.enter_async_context(person) for person in people]
        await minjun.says("/admin")
        await minjun.sees("모르는 명령")
        for person in (haneul, minjun):
            await person.says("true")
            await person.sees("✓")
        await haneul.says(f"/ban {MINJUN}")
        await haneul.sees("열려 있던 실습 환경 1개도 닫았어요")
        await house.restart()
        for person in (minjun, alex):
            await person.says("/help")
        await haneul.says("/admin")
        figures = (await haneul.sees("🛠")).text
        assert "열림 1/200 · 쉬는 중 0 · 기다림 0" in figures and "하루 2 · 한 달 2" in figures
        assert not minjun.shows("🍱 도움말") and not any(seen.from_bot for seen in alex.messages)
        await haneul.says(f"/unban {ALEX}")
        await haneul.sees("설정에 적혀 있어서")
        await haneul.says(f"/unban {MINJUN}")
        await haneul.sees("다시 답해요")
        await minjun.says("/help")
        await minjun.sees("🍱 도움말")


@pytest.mark.usefixtures("governed")
async def test_who_is_banned_keeps_nothing_open(house: House) -> None:
    """The lab with its program and page, and the place in the queue; the admin reads that it went."""
    async with Member(house.url, HANEUL) as haneul, Member(house.url, MINJUN) as minjun:
        await haneul.says("true")
        await haneul.sees("✓")
        await minjun.says("cat")
        await minjun.sees("⏳ 실행 중")
        await haneul.says(f"/ban {MINJUN}")
        await haneul.sees("열려 있던 실습 환경 1개도 닫았어요")
        assert [record.scope for record in await house.store.labs.all()] == [Scope(HANEUL)]


async def test_who_is_banned_waits_for_no_groups_lab_either(small: House) -> None:
    """What they wanted there is not done when there is room."""
    small.guests = GuestList(admins=frozenset({HANEUL}))
    await small.restart()
    async with Member(small.url, HANEUL) as haneul, Member(small.url, MINJUN, chat=GROUP_ID) as minjun:
        await haneul.says("true")
        await haneul.sees("✓")
        await minjun.says("/sh echo 몰래")
        await minjun.sees("1번째로 기다려요")
        await haneul.says(f"/ban {MINJUN}")
        await haneul.sees(f"답하지 않아요: {MINJUN}")
        await haneul.says("/close")
        await haneul.presses("🧹 닫기")
        await haneul.sees("사라진 컨테이너: 0개")
        await asyncio.sleep(0.3)
        assert not minjun.shows("자리가 났어요") and not await small.store.queue.all()


@pytest.mark.usefixtures("governed")
async def test_a_banned_members_line_does_not_run(house: House) -> None:
    """It waited behind another's command; its notice goes."""
    async with Member(house.url, HANEUL, chat=GROUP_ID) as haneul, Member(house.url, MINJUN, chat=GROUP_ID) as minjun:
        await haneul.says("/sh read x")
        running = await haneul.sees("👥 하늘: $ read")
        await minjun.says("/sh echo 몰래")
        waiting = await minjun.sees("앞의 명령이 끝나면")
        await haneul.says(f"/ban {MINJUN}")
        await haneul.sees(f"답하지 않아요: {MINJUN}")
        async with asyncio.timeout(5):
            while minjun.now(waiting) is not None:  # noqa: ASYNC110 - nobody is told that a message goes
                await asyncio.sleep(0.01)
        await haneul.says("끝", reply_to=running)
        await haneul.sees("✓")
        await asyncio.sleep(0.3)
        assert not minjun.shows("\n몰래\n") and not await house.store.unfinished.left()


@pytest.mark.usefixtures("governed")
async def test_a_banned_members_command_ends_and_the_next_ones_runs(house: House) -> None:
    """In a group whose lab goes on."""
    async with Member(house.url, HANEUL, chat=GROUP_ID) as haneul, Member(house.url, MINJUN, chat=GROUP_ID) as minjun:
        await minjun.says("/sh sleep 60")
        await minjun.sees("⏳ 실행 중")
        await haneul.says("/sh echo 다음")
        await haneul.sees("앞의 명령이 끝나면")
        await haneul.says(f"/ban {MINJUN}")
        await haneul.sees("\n다음\n")
        assert minjun.shows("✗ 종료 코드 130") and len(await house.store.labs.all()) == 1


@pytest.mark.usefixtures("governed")
async def test_a_banned_persons_command_ends_also_while_the_lab_cannot_be_closed(house: House) -> None:
    """It is interrupted first; and what it has done is not checked, which would open the next lab."""
    async with Member(house.url, HANEUL) as haneul, Member(house.url, MINJUN) as minjun:
        await minjun.says("/start ch02-hello")
        await minjun.sees("2/4")
        await minjun.says("sleep 60")
        await minjun.sees("⏳ 실행 중")
        house.labs.closing = asyncio.Event()
        await haneul.says(f"/ban {MINJUN}")
        await minjun.sees("✗ 종료 코드 130")
        house.labs.closing.set()
        await haneul.sees("열려 있던 실습 환경 1개도 닫았어요")
        await asyncio.sleep(0.3)
        assert not await house.store.labs.all()


async def test_a_check_of_a_banned_persons_that_waits_for_the_engine_opens_no_lab(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command had ended before the ban."""
    monkeypatch.setattr("bot.chat.checks.ENGINE_RETURNS", (1.0,))
    house.guests = GuestList(admins=frozenset({HANEUL}))
    await house.restart()
    async with Member(house.url, HANEUL) as haneul, Member(house.url, MINJUN) as minjun:
        await minjun.says("/start ch02-clean-up")
        await minjun.sees("4/4")
        await minjun.says(HELD)
        await minjun.sees("$ until")
        house.labs.only.broken_off = [EngineUnavailable("no answer")]
        house.labs.only.shell.let_go()
        await minjun.sees("✓")
        await haneul.says(f"/ban {MINJUN}")
        await haneul.sees("열려 있던 실습 환경 1개도 닫았어요")
        await asyncio.sleep(1.5)
        assert not await house.store.labs.all()


async def test_each_lab_of_a_banned_forum_is_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that resists keeps none of the others open, and is tried again by itself; the admin reads both."""
    monkeypatch.setattr("bot.chat.warden.TICK_SECONDS", 1.0)
    house.guests = GuestList(admins=frozenset({HANEUL}))
    await house.restart()
    async with AsyncExitStack() as stack:
        haneul, one = Member(house.url, HANEUL), Member(house.url, MINJUN, chat=FORUM_ID)
        two = Member(house.url, MINJUN, chat=FORUM_ID, topic=1)
        for person in (haneul, one, two):
            await stack.enter_async_context(person)
        for topic in (one, two):
            await topic.says("/sh true")
            await topic.sees("✓")
        house.labs.stuck = [EngineUnavailable("not now")]
        await haneul.says(f"/ban {FORUM_ID}")
        await haneul.sees("열려 있던 실습 환경 1개도 닫았어요")
        await haneul.sees("실습 환경 1개는 아직 닫지 못했어요")
        async with asyncio.timeout(5):
            while await house.store.labs.all():  # noqa: ASYNC110 - nobody else is told
                await asyncio.sleep(0.01)


@pytest.mark.usefixtures("governed")
async def test_no_line_of_a_banned_group_runs(house: House) -> None:
    """The end of the one before them, with the lab, is not their turn."""
    async with Member(house.url, HANEUL) as haneul, Member(house.url, MINJUN, chat=GROUP_ID) as minjun:
        await minjun.says("/sh sleep 60")
        await minjun.sees("⏳ 실행 중")
        await minjun.says("/sh echo 다음")
        await minjun.sees("앞의 명령이 끝나면")
        await haneul.says(f"/ban {GROUP_ID}")
        await haneul.sees("열려 있던 실습 환경 1개도 닫았어요")
        await asyncio.sleep(0.5)
        assert not minjun.shows("$ echo 다음") and not await house.store.labs.all()


async def test_a_group_keeps_its_place_as_a_supergroup(small: House, three: Three) -> None:
    """In the queue; it is called in the new chat."""
    haneul, _, _ = three
    await haneul.says("true")
    await haneul.sees("✓")
    async with Member(small.url, MINJUN, chat=GROUP_ID) as group:
        await group.says("/sh echo 우리차례")
        await group.sees("1번째")
        new = int((await group.call("upgrade", chat=GROUP_ID))["id"])
    await haneul.says("/close")
    await haneul.presses("🧹 닫기")
    async with Member(small.url, MINJUN, chat=new) as there:
        await there.presses("▶ 실행", on=await there.sees("자리가 났어요"))
        await there.sees("\n우리차례\n")


@pytest.mark.parametrize("banned", [True, False])
async def test_what_was_said_of_a_group_holds_for_the_supergroup(house: House, banned: bool) -> None:
    """A ban does not end with the old id, in a restart either; an invitation does not end before one."""
    listed = frozenset({GROUP_ID})
    house.guests = GuestList(banned=listed) if banned else GuestList(allowed=listed)
    await house.restart()
    async with Member(house.url, HANEUL, chat=GROUP_ID) as group:
        new = int((await group.call("upgrade", chat=GROUP_ID))["id"])
    async with Member(house.url, HANEUL, chat=new) as there, Member(house.url, HANEUL) as haneul:
        await there.says("/sh echo 새그룹")
        if banned:
            await haneul.says("echo 그다음")
            await haneul.sees("\n그다음\n")
            assert new in await house.store.bans.all() and not there.shows("$ echo")
        else:
            await there.sees("\n새그룹\n")


async def test_a_bot_for_invited_people_says_so(house: House) -> None:
    """A person on the list, or everybody in a group on it; others read one line, and nothing of theirs runs."""
    house.guests = GuestList(allowed=frozenset({HANEUL, GROUP_ID}))
    await house.restart()
    async with AsyncExitStack() as stack:
        haneul, minjun = [await stack.enter_async_context(Member(house.url, user)) for user in (HANEUL, MINJUN)]
        group = await stack.enter_async_context(Member(house.url, MINJUN, chat=GROUP_ID))
        await minjun.says("true")
        await minjun.sees("초대받은 사람만")
        for person, command in ((haneul, "echo 하나"), (group, "/sh echo 하나")):
            await person.says(command)
            await person.sees("\n하나\n")
    assert {entry.scope for entry in await audit_lines(house.store)} == {Scope(HANEUL), Scope(GROUP_ID)}
