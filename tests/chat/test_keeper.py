"""A lab's life: opened once, parked when idle, warned before its end, ended with a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.chat.keeper import EXTENSION, MOST_EXTENSIONS, WARN_BEFORE, Due, Keeper, Terms, due
from bot.errors import EngineUnavailable, LabClosed, LabsFull, NoMoreTime, TooManyLabs
from bot.identity import LabId, Scope
from bot.learning.capacity import QUIET, Bounds
from bot.sandbox.removal import ClosedLab
from bot.store import LabRecord, LabState, Store
from tests.chat.bash_lab import BashLabs, container

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
TERMS = Terms(idle=timedelta(minutes=30), lifetime=timedelta(hours=4))
SCOPE = Scope(7)


class People:
    """Hears what a learner would hear."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.in_use = False

    def is_in_use(self, record: LabRecord) -> bool:
        return self.in_use

    async def warned(self, record: LabRecord) -> None:
        self.heard.append("warned")

    async def ending(self, record: LabRecord) -> None:
        self.heard.append("ending")

    async def ended(self, record: LabRecord, closed: ClosedLab) -> None:
        self.heard.append(f"ended {closed.containers}")

    async def gave_way(self, record: LabRecord, closed: ClosedLab) -> None:
        self.heard.append(f"gave way {closed.containers}")


class House:
    """A keeper with its clock in hand."""

    def __init__(self, store: Store, labs: BashLabs) -> None:
        self.now = START
        self.store, self.labs = store, labs
        self.keeper = Keeper(labs, store, TERMS, lambda: self.now)
        self.people = People()

    async def after(self, **span: float) -> list[str]:
        """What people hear when so much time has gone by."""
        self.now += timedelta(**span)
        self.people.heard.clear()
        await self.keeper.tick(self.people)
        return self.people.heard


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    labs = BashLabs(tmp_path)
    async with Store.open(tmp_path) as store:
        yield House(store, labs)
    labs.close_all()


def record(state: LabState = LabState.OPEN) -> LabRecord:
    return LabRecord(LabId("0123456789"), SCOPE, state, START, START, START + TERMS.lifetime)


@pytest.mark.parametrize(
    ("minutes", "state", "in_use", "warned", "todo"),
    [
        (0, LabState.OPEN, False, False, None),
        (29, LabState.OPEN, False, False, None),
        (30, LabState.OPEN, False, False, Due.PARK),
        (30, LabState.OPEN, True, False, None),
        (30, LabState.PARKED, False, False, None),
        (235, LabState.PARKED, False, False, Due.WARN),
        (235, LabState.OPEN, True, True, None),
        (240, LabState.OPEN, True, True, Due.CLOSE),
        (240, LabState.CLOSING, False, False, Due.CLOSE),
        (29, LabState.OPENING, False, False, None),
        (30, LabState.OPENING, False, False, Due.PARK),
    ],
)
def test_what_is_due(minutes: int, state: LabState, in_use: bool, warned: bool, todo: Due | None) -> None:
    """A table of time and state; a lab in use is not parked, but its end comes all the same."""
    now = START + timedelta(minutes=minutes)
    assert due(record(state), now, idle=TERMS.idle, in_use=in_use, warned=warned) is todo


async def test_a_conversation_has_one_lab(house: House) -> None:
    """Opening again gives the same one, and keeps it from being idle."""
    lab = await house.keeper.open(SCOPE)
    assert await house.after(minutes=29) == []
    assert await house.keeper.open(SCOPE) is lab
    assert await house.after(minutes=29) == [] and house.labs.parked == []


async def test_an_idle_lab_is_parked_quietly(house: House) -> None:
    """Nobody is told, and the next use opens it again."""
    lab = await house.keeper.open(SCOPE)
    assert await house.after(minutes=31) == []
    assert house.labs.parked == [lab.id]
    found = await house.keeper.record(SCOPE)
    assert found is not None and found.state is LabState.PARKED
    assert (await house.keeper.open(SCOPE)).id == lab.id


async def test_the_end_is_warned_of_once_and_then_comes(house: House) -> None:
    """Five minutes before; and afterwards nothing is left of it."""
    house.people.in_use = True
    lab = await house.keeper.open(SCOPE)
    assert await house.after(seconds=(TERMS.lifetime - WARN_BEFORE).total_seconds()) == ["warned"]
    assert await house.after(minutes=1) == []
    assert await house.after(minutes=4) == ["ending", "ended 0"]
    assert await house.keeper.record(SCOPE) is None and house.labs.get(lab.id) is None


async def test_an_extended_lab_lives_on_and_is_warned_again(house: House) -> None:
    """The button of the warning."""
    house.people.in_use = True
    await house.keeper.open(SCOPE)
    await house.after(seconds=(TERMS.lifetime - WARN_BEFORE).total_seconds())
    assert (await house.keeper.extend(SCOPE)).ends_at == START + TERMS.lifetime + EXTENSION
    assert await house.after(minutes=5) == []
    assert await house.after(minutes=25) == ["warned"]


async def test_a_lab_is_extended_twice_at_most(house: House) -> None:
    """The third time says no, and the end stays where it was."""
    await house.keeper.open(SCOPE)
    for _ in range(MOST_EXTENSIONS):
        latest = await house.keeper.extend(SCOPE)
    with pytest.raises(NoMoreTime):
        await house.keeper.extend(SCOPE)
    found = await house.keeper.record(SCOPE)
    assert found is not None and found.ends_at == latest.ends_at == START + TERMS.lifetime + 2 * EXTENSION


async def test_an_update_that_is_done_once_more_extends_once(house: House) -> None:
    """Also when it was the last that could; the next one counts anew."""
    await house.keeper.open(SCOPE)
    once = [await house.keeper.extend(SCOPE, update=7) for _ in range(3)]
    assert {(one.ends_at, one.extensions) for one in once} == {(START + TERMS.lifetime + EXTENSION, 1)}
    twice = [await house.keeper.extend(SCOPE, update=8) for _ in range(3)]
    assert {(one.ends_at, one.extensions) for one in twice} == {(START + TERMS.lifetime + 2 * EXTENSION, 2)}
    assert await house.keeper.record(SCOPE) == twice[0]
    with pytest.raises(NoMoreTime):
        await house.keeper.extend(SCOPE, update=9)


async def test_a_bot_that_was_away_warns_before_it_ends_anything(house: House) -> None:
    """The five minutes begin when people can read of them; a closing that broke off is only finished."""
    await house.keeper.open(SCOPE)
    assert await house.after(hours=9) == ["warned"]
    assert await house.after(minutes=4) == []
    assert await house.after(minutes=1) == ["ending", "ended 0"]
    lab = await house.keeper.open(SCOPE)
    await house.store.labs.set_state(lab.id, LabState.CLOSING)
    assert await house.after(seconds=1) == ["ending", "ended 0"]


async def test_nothing_is_promised_of_a_lab_whose_end_has_begun(house: House) -> None:
    """An extension either comes in time and holds, or is refused; never a promise for a lab that goes."""
    lab = await house.keeper.open(SCOPE)
    house.people.in_use = True
    await house.after(seconds=(TERMS.lifetime - WARN_BEFORE).total_seconds())
    house.labs.closing = asyncio.Event()
    async with asyncio.TaskGroup() as both:
        ending = both.create_task(house.after(minutes=5))
        async with asyncio.timeout(5):
            while "ending" not in house.people.heard:  # noqa: ASYNC110 - the keeper tells nobody else
                await asyncio.sleep(0)
        extending = both.create_task(_refused(house))
        await asyncio.sleep(0.05)
        house.labs.closing.set()
    assert ending.result() == ["ending", "ended 0"] and extending.result()
    assert house.labs.get(lab.id) is None


async def _refused(house: House) -> bool:
    try:
        await house.keeper.extend(SCOPE)
    except LabClosed:
        return True
    return False


async def test_without_a_lab_there_is_nothing_to_extend(house: House) -> None:
    """An old warning's button."""
    with pytest.raises(LabClosed):
        await house.keeper.extend(SCOPE)
    assert await house.keeper.existing(SCOPE) is None


async def test_a_lab_that_cannot_open_leaves_nothing(house: House) -> None:
    """A full host keeps no record, so that the next attempt is a fresh one."""
    house.labs.refuse = LabsFull("full")
    with pytest.raises(LabsFull):
        await house.keeper.open(SCOPE)
    assert await house.keeper.record(SCOPE) is None


async def test_an_opening_that_broke_off_gives_its_place_back(house: House) -> None:
    """The bot was killed in it, or the engine was gone: its record holds no place for good, and opens again."""
    ends_at = START + TERMS.lifetime
    record = await house.store.labs.ensure(SCOPE, LabId("0123456789"), now=START, ends_at=ends_at, opened_by=7)
    await house.keeper.park_for_others(record)
    parked = await house.keeper.record(SCOPE)
    assert parked is not None and parked.state is LabState.PARKED
    assert (await house.keeper.open(SCOPE)).id == record.lab_id


async def test_a_long_command_keeps_its_lab_from_being_idle(house: House) -> None:
    """Idle from the command's end, not from its begin."""
    await house.keeper.open(SCOPE)
    house.people.in_use = True
    assert await house.after(minutes=40) == []
    await house.keeper.used(SCOPE)
    house.people.in_use = False
    assert await house.after(minutes=29) == [] and house.labs.parked == []


async def test_a_command_that_comes_while_its_lab_is_closed_gets_the_next_lab(house: House) -> None:
    """Nothing is opened that no record owns, and what is being closed is not told of as if its time were up."""
    old = await house.keeper.open(SCOPE)
    found = await house.keeper.record(SCOPE)
    assert found is not None
    house.labs.closing = asyncio.Event()
    async with asyncio.TaskGroup() as both:
        both.create_task(house.keeper.end(found))
        await asyncio.sleep(0)  # It has its turn.
        assert await house.after(seconds=15) == []
        opening = both.create_task(house.keeper.open(SCOPE))
        house.labs.closing.set()
    new = opening.result()
    found = await house.keeper.record(SCOPE)
    assert new.id != old.id and house.labs.get(old.id) is None
    assert found is not None and (found.lab_id, found.state) == (new.id, LabState.OPEN)


async def test_a_lab_that_two_end_at_once_is_ended_once(house: House) -> None:
    """The second learns that it is gone, not that nothing was in it; so does one who comes after its time was up."""
    await house.keeper.open(SCOPE)
    house.labs.only.listed = [container("web")]
    found = await house.keeper.record(SCOPE)
    assert found is not None
    both = await asyncio.gather(house.keeper.end(found), house.keeper.end(found))
    assert both == [ClosedLab(containers=1), None] and await house.keeper.end(found) is None


async def test_a_closing_that_broke_off_is_finished_before_a_lab_opens(house: House) -> None:
    """The record of a lab that is half gone is no lab to work in."""
    old = await house.keeper.open(SCOPE)
    await house.store.labs.set_state(old.id, LabState.CLOSING)
    assert (await house.keeper.open(SCOPE)).id != old.id
    assert house.labs.get(old.id) is None


# --- many at once ----------------------------------------------------------------------------------------------------


async def opened_at_once(house: House, scopes: Sequence[Scope], user_id: int = 0) -> list[BaseException]:
    """Everybody opens their lab in the same moment; who was turned away, and why."""
    openings = (house.keeper.open(scope, user_id) for scope in scopes)
    outcomes = await asyncio.gather(*openings, return_exceptions=True)
    return [outcome for outcome in outcomes if isinstance(outcome, BaseException)]


async def test_ten_who_come_at_once_share_the_room_of_three(house: House) -> None:
    """Each is counted before the next is judged, also while no lab is open yet."""
    house.keeper.reception.bounds = Bounds(labs=3)
    refused = await opened_at_once(house, [Scope(number) for number in range(1, 11)])
    assert [type(one) for one in refused] == [LabsFull] * 7
    assert len(await house.store.labs.all()) == 3


async def test_parked_labs_that_come_back_at_once_are_counted(house: House) -> None:
    """Their records say parked until their toolboxes run."""
    scopes = [Scope(number) for number in range(1, 11)]
    await opened_at_once(house, scopes)
    await house.after(minutes=31)
    house.keeper.reception.bounds = Bounds(labs=3)
    refused = await opened_at_once(house, scopes)
    assert [type(one) for one in refused] == [LabsFull] * 7
    states = [record.state for record in await house.store.labs.all()]
    assert states.count(LabState.OPEN) == 3 and states.count(LabState.PARKED) == 7


async def test_a_person_who_comes_from_many_chats_at_once_gets_what_one_may_have(house: House) -> None:
    """New labs, and labs that come back from their rest."""
    house.keeper.reception.bounds = Bounds(labs_of_a_person=2)
    scopes = [Scope(-number) for number in range(1, 6)]
    assert [type(one) for one in await opened_at_once(house, scopes, user_id=7)] == [TooManyLabs] * 3
    await house.after(minutes=31)
    await opened_at_once(house, scopes[2:], user_id=7)
    refused = await opened_at_once(house, scopes, user_id=7)
    assert [type(one) for one in refused] == [TooManyLabs] * 3
    assert sum(record.state is LabState.OPEN for record in await house.store.labs.all()) == 2


async def test_a_lab_counts_for_who_has_it_open(house: House) -> None:
    """In a group somebody else may wake the lab up; then the first has their place back."""
    house.keeper.reception.bounds = Bounds(labs_of_a_person=1)
    await house.keeper.open(Scope(-1), 7)
    await house.after(minutes=31)
    await house.keeper.open(Scope(-1), 8)
    await house.keeper.open(SCOPE, 7)
    with pytest.raises(TooManyLabs):
        await house.keeper.open(Scope(8), 8)


async def test_a_place_that_was_not_taken_is_free_again(house: House) -> None:
    """An opening that fails gives its room back at once."""
    house.keeper.reception.bounds = Bounds(labs=1)
    house.labs.refuse = EngineUnavailable("away")
    assert [type(one) for one in await opened_at_once(house, [SCOPE])] == [EngineUnavailable]
    house.labs.refuse = None
    assert await opened_at_once(house, [Scope(8)]) == []


async def test_a_lab_that_is_used_while_others_ask_for_its_room_stays_open(house: House) -> None:
    """It was quiet when it was chosen, and its people came back before it was parked."""
    await house.keeper.open(SCOPE)
    quiet = await house.keeper.record(SCOPE)
    assert quiet is not None
    house.now += QUIET
    await house.keeper.open(SCOPE)
    await house.keeper.park_for_others(quiet)
    assert house.labs.parked == []
