"""What waits to be read."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.backlog import PIECE, Backlog


@given(st.lists(st.one_of(st.none(), st.binary(max_size=30))))
def test_everything_arrives_in_order(pieces: list[bytes | None]) -> None:
    """Marks too, in their places; and then there is room again."""

    async def through() -> None:
        backlog = Backlog(100)
        for piece in pieces:
            backlog.add(piece)
        assert [await backlog.take() for _ in pieces] == pieces
        assert not backlog.full

    asyncio.run(through())


async def test_a_writer_waits_while_there_is_much() -> None:
    """And goes on as soon as a piece is taken."""
    backlog = Backlog(2 * (PIECE + 10))
    backlog.add(b"0123456789")
    await asyncio.wait_for(backlog.room(), 1)
    backlog.add(b"0123456789")
    waiting = asyncio.get_running_loop().create_task(backlog.room())
    await asyncio.sleep(0)
    assert backlog.full and not waiting.done()
    await backlog.take()
    await asyncio.wait_for(waiting, 1)


async def test_many_small_pieces_are_much_too() -> None:
    """Each takes memory of its own."""
    backlog = Backlog(10 * PIECE)
    for _ in range(10):
        backlog.add(b"")
    assert backlog.full


async def test_a_reader_waits_for_the_next_piece() -> None:
    """Also after all was forgotten."""
    backlog = Backlog(1)
    backlog.add(b"old")
    backlog.clear()
    taking = asyncio.get_running_loop().create_task(backlog.take())
    await asyncio.sleep(0)
    assert not taking.done() and not backlog.full
    backlog.add(b"new")
    assert await taking == b"new"
