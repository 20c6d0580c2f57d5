"""Who waits for whom at the store's one connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.identity import Scope
from bot.store import ScopeState, Store
from bot.store.turns import Turns


async def test_side_by_side_nobody_waits_for_another() -> None:
    """A slow one inside does not keep others out."""
    turns = Turns()
    async with turns.beside():
        async with asyncio.timeout(1), turns.beside():
            pass


async def test_whoever_is_alone_has_nobody_beside() -> None:
    """Before and after, but never meanwhile."""
    turns, events = Turns(), list[str]()

    async def beside(name: str) -> None:
        async with turns.beside():
            events.append(f"{name} in")
            await asyncio.sleep(0)
            events.append(f"{name} out")

    async def alone() -> None:
        async with turns.alone():
            events.append("alone in")
            await asyncio.sleep(0.01)
            events.append("alone out")

    await asyncio.gather(beside("first"), beside("second"), alone(), beside("third"))
    assert events.index("alone out") == events.index("alone in") + 1
    assert events[:2] == ["first in", "second in"] and events[-2:] == ["third in", "third out"]


async def test_who_is_cancelled_leaves_the_way_free() -> None:
    """Neither a cancelled wait nor a cancelled turn blocks the next one."""
    turns = Turns()

    async def forever() -> None:
        async with turns.beside():
            await asyncio.Event().wait()

    async def wants_to_be_alone() -> None:
        async with turns.alone():
            raise AssertionError("somebody is inside")

    async with asyncio.TaskGroup() as group:
        inside, waiting = group.create_task(forever()), group.create_task(wants_to_be_alone())
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.sleep(0.01)
        inside.cancel()
    async with asyncio.timeout(1), turns.alone():
        pass


async def test_changes_of_one_conversation_beside_many_others_are_all_kept(tmp_path: Path) -> None:
    """Reading and writing one scope is one step, although other scopes' statements come in between."""
    async with Store.open(tmp_path) as store:
        one = Scope(1)

        async def count() -> None:
            await store.scopes.change(one, lambda state: ScopeState(one, waiting=str(int(state.waiting or 0) + 1)))

        others = (store.scopes.put(ScopeState(Scope(number), step="hello")) for number in range(2, 52))
        await asyncio.gather(*(count() for _ in range(50)), *others)
        assert (await store.scopes.get(one)).waiting == "50"
