"""The state file's promises."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import sqlite3
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import LabClosed, StoreError
from bot.identity import LabId, Language, Scope
from bot.store import (
    AuditEntry,
    Begun,
    Completion,
    Driving,
    Kind,
    LabState,
    LeftCommand,
    PageRecord,
    ScopeState,
    Store,
    Who,
)
from bot.store.audit import KEPT_FOR, PRUNE_EVERY, PRUNE_PAUSE
from bot.store.store import FILE_NAME
from bot.store.times import to_seconds
from tests.store.looking import audit_lines, put, scopes_in, state_of

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
PRIVATE = Scope(4242)
GROUP = Scope(-100123)
TOPIC = Scope(-100123, 7)
LAB = LabId("0123456789")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path) as opened:
        yield opened


def completion(scope: Scope = GROUP, user_id: int = 4242, step: str = "hello", minutes: int = 0) -> Completion:
    return Completion(scope, user_id, "하늘", "ch02", step, NOW + timedelta(minutes=minutes))


def page(token: str = "p1", lab: LabId = LAB) -> PageRecord:
    return PageRecord(token, lab, "c" * 64, "web", 8088, 80, 0, None, NOW, NOW + timedelta(minutes=30))


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def open_lab(store: Store, scope: Scope = PRIVATE, lab: LabId = LAB) -> None:
    await store.labs.ensure(scope, lab, now=NOW, ends_at=NOW + timedelta(hours=4))


async def test_a_conversation_never_seen_has_no_choice_and_no_place(store: Store) -> None:
    """Reading creates nothing and invents no language."""
    assert await state_of(store, PRIVATE) == ScopeState(PRIVATE)
    assert await scopes_in(store) == ()


async def test_everything_survives_a_restart(tmp_path: Path) -> None:
    """What one process wrote, the next one reads, value for value."""
    state = ScopeState(TOPIC, Language.ENGLISH, "ch02", "web", "wide")
    async with Store.open(tmp_path) as store:
        await put(store, state)
        await store.completions.add(completion())
        await open_lab(store)
        await store.pages.put(page())
        await store.shelf.add(LAB, "diamol/base:latest")
        await store.audit.add(AuditEntry(NOW, PRIVATE, 4242, "docker ps"))
    async with Store.open(tmp_path) as store:
        assert await state_of(store, TOPIC) == state
        assert await store.completions.of(GROUP) == (completion(),)
        lab = await store.labs.of(PRIVATE)
        assert lab is not None and (lab.lab_id, lab.ends_at) == (LAB, NOW + timedelta(hours=4))
        assert await store.pages.all() == (page(),)
        assert await store.shelf.references(LAB) == {"diamol/base:latest"}
        assert await audit_lines(store) == (AuditEntry(NOW, PRIVATE, 4242, "docker ps"),)


async def test_a_group_and_its_topics_are_different_conversations(store: Store) -> None:
    """The same chat id with and without a topic never mixes."""
    await put(store, ScopeState(GROUP, chapter="ch02"))
    assert (await state_of(store, TOPIC)).chapter is None
    assert await scopes_in(store) == (GROUP,)


async def test_changes_by_many_tasks_at_once_take_nothing_back(store: Store) -> None:
    """Read, edit, write is one step: a hundred increments make a hundred."""

    def one_more(state: ScopeState) -> ScopeState:
        return dataclasses.replace(state, step=str(int(state.step or 0) + 1))

    await asyncio.gather(*(store.scopes.change(PRIVATE, one_more) for _ in range(100)))
    assert (await state_of(store, PRIVATE)).step == "100"


async def test_an_edit_that_fails_changes_nothing_and_blocks_nobody(store: Store) -> None:
    """An exception inside a transaction takes all of it back, and the next caller goes on."""

    def broken(state: ScopeState) -> ScopeState:
        raise ZeroDivisionError

    await put(store, ScopeState(PRIVATE, step="hello"))
    with pytest.raises(ZeroDivisionError):
        await store.scopes.change(PRIVATE, broken)
    assert (await state_of(store, PRIVATE)).step == "hello"


async def test_a_cancelled_group_of_writes_is_whole_or_absent(store: Store) -> None:
    """Cancelling a task in the middle of its transaction never leaves half of it, nor a stuck connection."""
    await open_lab(store)
    containers = {LAB: tuple(f"c{number:03}" for number in range(200))}
    for turns in range(0, 40, 4):
        task = asyncio.get_running_loop().create_task(store.labs.remember_running(containers))
        for _ in range(turns):
            await asyncio.sleep(0.0002)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len((await store.labs.remembered_running()).get(LAB, ())) in (0, 200)


async def test_a_step_is_completed_once_for_each_person(store: Store) -> None:
    """The first time counts; again says so and keeps the first time."""
    assert await store.completions.add(completion())
    assert not await store.completions.add(completion(minutes=5))
    assert await store.completions.add(completion(user_id=5, minutes=1))
    assert [(done.user_id, done.completed_at) for done in await store.completions.of(GROUP)] == [
        (4242, NOW),
        (5, NOW + timedelta(minutes=1)),
    ]


async def test_steps_done_are_known_for_all_of_a_group(store: Store) -> None:
    """It sees what anybody did there, and nothing of its topics."""
    await store.completions.add(completion(step="hello"))
    await store.completions.add(completion(user_id=5, step="web"))
    assert await store.completions.steps(GROUP) == {("ch02", "hello"), ("ch02", "web")}
    assert await store.completions.steps(TOPIC) == frozenset()


async def test_a_conversation_has_one_lab_however_many_ask(store: Store) -> None:
    """Callers that race with different ids all get the same lab."""
    ids = [LabId(f"{number:010x}") for number in range(20)]
    got = await asyncio.gather(
        *(store.labs.ensure(GROUP, lab, now=NOW, ends_at=NOW + timedelta(hours=4)) for lab in ids)
    )
    assert len({record.lab_id for record in got}) == 1
    assert await store.labs.all() == (got[0],)


async def test_a_labs_life_is_followed(store: Store) -> None:
    """State, last use and end change; the last use never goes back; an unknown lab is None."""
    await open_lab(store)
    await store.labs.set_state(LAB, LabState.OPEN)
    await store.labs.touch(LAB, NOW + timedelta(minutes=9))
    await store.labs.touch(LAB, NOW + timedelta(minutes=3))
    await store.labs.set_end(LAB, NOW + timedelta(hours=5))
    lab = await store.labs.get(LAB)
    assert lab is not None
    assert (lab.scope, lab.state, lab.opened_at) == (PRIVATE, LabState.OPEN, NOW)
    assert (lab.last_used_at, lab.ends_at) == (NOW + timedelta(minutes=9), NOW + timedelta(hours=5))
    assert await store.labs.get(LabId("ffffffffff")) is None


async def test_a_lab_takes_what_belongs_to_it_along(store: Store) -> None:
    """Pages, image shelf and remembered containers go with the lab's record, and cannot come back without it."""
    await open_lab(store)
    await store.pages.put(page())
    await store.shelf.add(LAB, "diamol/base:latest")
    await store.labs.remember_running({LAB: ["c1"]})
    await store.labs.remove(LAB)
    assert await store.pages.all() == ()
    assert await store.shelf.references(LAB) == frozenset()
    assert await store.labs.remembered_running() == {}
    with pytest.raises(LabClosed):
        await store.shelf.add(LAB, "diamol/base:latest")
    with pytest.raises(LabClosed):
        await store.pages.put(page())


async def test_a_command_is_kept_until_all_of_it_was_said(store: Store) -> None:
    """Its begin, its message and its last frame; over, it is gone, and another one of the same chat is not."""
    began = Begun(GROUP, NOW, 4, "민지", "ch02", "web")
    number, other = await store.commands.begin(began), await store.commands.begin(began)
    await store.commands.posted(number, 77)
    await store.commands.ended(number, "text=%E2%9C%93")
    assert await store.commands.left() == (
        LeftCommand(number, began, 77, "text=%E2%9C%93"),
        LeftCommand(other, began, None, None),
    )
    await store.commands.over(number)
    assert [left.number for left in await store.commands.left()] == [other]


async def test_remembered_containers_are_kept_until_they_are_forgotten(store: Store) -> None:
    """A start that is killed before they run finds them again; a new memory replaces the old."""
    await open_lab(store)
    await store.labs.remember_running({LAB: ["old"]})
    await store.labs.remember_running({LAB: ["c2", "c1", "c2"]})
    for _ in range(2):
        assert await store.labs.remembered_running() == {LAB: ("c1", "c2")}
    await store.labs.remember_running({})
    assert await store.labs.remembered_running() == {}


async def test_a_page_changed_keeps_its_visits_and_its_message(store: Store) -> None:
    """Extending a page does not reset its counter or lose the chat's message about it."""
    await open_lab(store)
    await store.pages.put(page())
    await store.pages.set_message("p1", 77)
    await store.pages.set_visits({"p1": 5, "gone": 9})
    longer = dataclasses.replace(page(), ends_at=NOW + timedelta(hours=1))
    await store.pages.put(longer)
    assert await store.pages.get("p1") == dataclasses.replace(longer, visits=5, message_id=77)
    assert await store.pages.of(LAB) == (await store.pages.get("p1"),)
    await store.pages.remove("p1")
    assert await store.pages.get("p1") is None


async def test_the_image_shelf_is_each_labs_own(store: Store) -> None:
    """Adding twice is once; removing what is not there is nothing; other labs see none of it."""
    other = LabId("9876543210")
    await open_lab(store)
    await open_lab(store, GROUP, other)
    await store.shelf.add(LAB, "diamol/base:latest")
    await store.shelf.add(LAB, "diamol/base:latest")
    assert await store.shelf.references(other) == frozenset()
    await store.shelf.remove(LAB, "diamol/base:latest")
    await store.shelf.remove(LAB, "diamol/base:latest")
    assert await store.shelf.references(LAB) == frozenset()


async def test_only_a_lab_that_rests_is_woken(store: Store) -> None:
    """One that is being closed at this moment must not come back on record."""
    await open_lab(store)
    for before, afterwards in ((LabState.PARKED, LabState.OPEN), (LabState.CLOSING, LabState.CLOSING)):
        await store.labs.set_state(LAB, before)
        await store.labs.woken(LAB)
        lab = await store.labs.get(LAB)
        assert lab is not None and lab.state is afterwards


async def test_an_old_audit_line_goes_although_nobody_runs_anything(store: Store) -> None:
    """The first look finds it, and so does the next one after the pause between two."""
    for kept in (KEPT_FOR - timedelta(minutes=30), KEPT_FOR + timedelta(minutes=1)):
        await store.audit.add(AuditEntry(NOW - kept, PRIVATE, 4242, f"for {kept}"))
    await store.tidy(NOW)
    assert len(await audit_lines(store)) == 1
    await store.tidy(NOW + PRUNE_PAUSE)
    assert await audit_lines(store) == ()


async def test_the_audit_is_bounded_in_lines(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast lines come, no more than the bound and one pruning interval are kept."""
    monkeypatch.setattr("bot.store.audit.KEPT_ROWS", 10)
    for _ in range(PRUNE_EVERY):
        await store.audit.add(AuditEntry(NOW, PRIVATE, 4242, "docker ps"))
    assert len(await audit_lines(store)) == 10


async def test_forgetting_a_group_leaves_others_alone(store: Store) -> None:
    """Place, completions, audit, labs and pages of all its topics go; other chats stay."""
    other = Scope(GROUP.chat_id - 1)
    for scope in (GROUP, TOPIC, other):
        await put(store, ScopeState(scope, chapter="ch02"))
        await store.completions.add(completion(scope))
        await store.audit.add(AuditEntry(NOW, scope, 4242, "docker ps"))
    await open_lab(store, GROUP)
    await store.pages.put(page())
    await store.forget_chat(GROUP.chat_id)
    assert await scopes_in(store) == (other,)
    assert await store.completions.of(GROUP) == await store.completions.of(TOPIC) == ()
    assert await store.completions.of(other) == (completion(other),)
    assert await store.labs.of(GROUP) is None
    assert await store.pages.all() == ()
    assert [line.scope for line in await audit_lines(store)] == [other]


async def test_a_forgotten_person_is_nowhere_in_the_files(store: Store, tmp_path: Path) -> None:
    """Not even the bytes of what they typed stay, in the database or in its log."""
    await put(store, ScopeState(Scope(4242), chapter="ch02"))
    await store.completions.add(completion())
    await store.completions.add(completion(user_id=5))
    await store.audit.add(AuditEntry(NOW, GROUP, 4242, "echo my-secret-words"))
    await store.unlisted.leave(GROUP, 4242)
    await open_lab(store, GROUP)
    await store._database.rows("UPDATE labs SET opened_by = 4242")
    await store.forget_user(4242)
    assert await store.unlisted.of(GROUP) == frozenset()
    assert [lab.opened_by for lab in await store.labs.all()] == [0]
    assert [done.user_id for done in await store.completions.of(GROUP)] == [5]
    assert await scopes_in(store) == ()
    assert await audit_lines(store) == ()
    assert not any(b"my-secret-words" in file.read_bytes() for file in files_in(tmp_path))


async def test_a_backup_that_reads_the_file_only_delays_it(store: Store, tmp_path: Path) -> None:
    """The log cannot be emptied meanwhile; afterwards it is, without anybody's asking again."""
    await store.audit.add(AuditEntry(NOW, GROUP, 4242, "echo my-secret-words"))
    await store._database.outside("PRAGMA busy_timeout = 50")
    with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as backup:
        backup.execute("BEGIN")
        assert backup.execute("SELECT count(*) FROM audit").fetchone() == (1,)
        await store.forget_user(4242)
        assert any(b"my-secret-words" in file.read_bytes() for file in files_in(tmp_path))
    await store.tidy(NOW)
    assert not any(b"my-secret-words" in file.read_bytes() for file in files_in(tmp_path))


async def test_a_group_that_becomes_a_supergroup_keeps_all(store: Store) -> None:
    """Everything under the old chat id is found under the new one."""
    await put(store, ScopeState(Scope(-5), chapter="ch02"))
    await store.completions.add(completion(Scope(-5)))
    await open_lab(store, Scope(-5))
    await store.audit.add(AuditEntry(NOW, Scope(-5), 4242, "docker ps"))
    driving = Driving(Who.PERSON, 4242, "하늘", life_by_admins=True)
    await store.driving.put(Scope(-5), driving)
    await store.move_chat(-5, -1005)
    moved = Scope(-1005)
    assert await store.driving.get(moved) == driving
    assert await scopes_in(store) == (moved,)
    assert await store.completions.of(moved) == (completion(moved),)
    lab = await store.labs.get(LAB)
    assert lab is not None and lab.scope == moved
    assert (await audit_lines(store))[0].scope == moved


async def test_no_message_of_a_group_is_known_after_it_became_a_supergroup(store: Store) -> None:
    """The numbers are others there: whatever was kept of a page, a command, a demo would lead to a wrong message."""
    await open_lab(store, Scope(-5))
    await store.pages.put(page())
    await store.pages.set_message("p1", 41)
    number = await store.commands.begin(Begun(Scope(-5), NOW, 4242, "하늘"))
    await store.commands.posted(number, 42)
    await store.unfinished.posted(await store.unfinished.add(Scope(-5), Kind.DEMO, 4242, "하늘", update=None), 43)
    await store.move_chat(-5, -1005)
    moved = [one.message_id for one in await store.pages.all()]
    moved += [one.message_id for one in await store.commands.left()]
    moved += [one.message_id for one in await store.unfinished.left()]
    assert moved == [None, None, None]


async def test_who_is_unlisted_and_who_is_banned_is_remembered(store: Store) -> None:
    """Unlisted in one conversation, until they change their mind; a ban also outlives being forgotten."""
    for _ in range(2):
        await store.unlisted.leave(GROUP, 4242)
        await store.bans.add(4242, NOW)
    assert await store.unlisted.of(GROUP) == {4242} and not await store.unlisted.of(PRIVATE)
    await store.unlisted.rejoin(GROUP, 4242)
    assert not await store.unlisted.of(GROUP)
    await store.forget_user(4242)
    assert await store.bans.all() == {4242}
    await store.bans.remove(4242)
    assert not await store.bans.all()


async def test_a_group_is_driven_by_everyone_until_somebody_chooses(store: Store) -> None:
    """By its admins when the one person who drove it is forgotten; what is chosen in one topic holds there."""
    driving = Driving(Who.PERSON, 4242, "하늘", life_by_admins=True)
    await store.driving.put(Scope(-5, 7), driving)
    assert await store.driving.get(Scope(-5)) == Driving()
    assert await store.driving.get(Scope(-5, 7)) == driving
    assert await store.forget_user(4242) == (Scope(-5, 7),)
    assert await store.driving.get(Scope(-5, 7)) == Driving(Who.ADMINS, life_by_admins=True)


async def test_a_time_without_a_zone_is_refused() -> None:
    """A naive time would mean something else on another machine."""
    with pytest.raises(ValueError, match="zone"):
        to_seconds(NOW.replace(tzinfo=None))


async def test_a_store_that_is_closed_says_so(tmp_path: Path) -> None:
    """A late task gets a StoreError, not a library's exception."""
    async with Store.open(tmp_path) as store:
        pass
    with pytest.raises(StoreError, match="closed"):
        await state_of(store, PRIVATE)


async def test_only_the_owner_can_read_the_file(store: Store, tmp_path: Path) -> None:
    """The file and those beside it hold what people typed: no group, no others."""
    await put(store, ScopeState(PRIVATE))
    assert {stat.S_IMODE(file.stat().st_mode) for file in files_in(tmp_path)} == {0o600}


async def test_the_file_is_in_the_state_folder_and_in_wal_mode(store: Store, tmp_path: Path) -> None:
    """An operator's backup tool can read it while the bot runs."""
    await put(store, ScopeState(PRIVATE, step="hello"))
    with sqlite3.connect(tmp_path / FILE_NAME) as reader:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert reader.execute("SELECT step FROM scopes").fetchone() == ("hello",)
    reader.close()


async def test_recent_commands_are_a_conversations_own(store: Store) -> None:
    """Each once, the newest first, found again by its number; of another conversation there is nothing."""
    for scope, command in ((PRIVATE, "ls"), (TOPIC, "id"), (PRIVATE, "pwd"), (PRIVATE, "ls")):
        await store.audit.add(AuditEntry(NOW, scope, 1, command))
    recent = await store.audit.recent(PRIVATE, 10)
    assert [command for _, command in recent] == ["ls", "pwd"]
    assert await store.audit.command(PRIVATE, recent[1][0]) == "pwd"
    assert await store.audit.command(TOPIC, recent[1][0]) is None
    assert len(await store.audit.recent(PRIVATE, 1)) == 1
