"""What one page may take: requests by a bucket that refuses, bytes by one that slows down."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.pages.bounds import Allowance, Bounds, Bucket
from tests.pages.house import House

SMALL = Bounds(requests_a_second=1, requests_at_once=3, bytes_a_second=100, bytes_at_once=1000)


@given(st.lists(st.floats(0, 10), max_size=50))
def test_a_bucket_never_gives_more_than_it_held_and_was_filled_with(waits: list[float]) -> None:
    """Whatever the moments: its size, and its rate for the time that went by."""
    bucket, now, given_out = Bucket(2, 5, 0.0), 0.0, 0
    for wait in waits:
        now += wait
        given_out += bucket.take(now)
        assert given_out <= 5 + 2 * now + 1e-6


def test_a_bucket_fills_again_but_not_beyond_its_size() -> None:
    """A rest of any length brings no more than it holds."""
    bucket = Bucket(1, 3, 0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(1.0) and not bucket.take(1.5)
    assert [bucket.take(1000.0) for _ in range(4)] == [True, True, True, False]


def test_bytes_are_paid_for_by_time() -> None:
    """Free while the bucket lasts; then as many seconds as the rate says, one user's as well as two users'."""
    allowance = Allowance(SMALL, 0.0)
    assert allowance.pause(1000, 0.0) == 0
    assert allowance.pause(50, 0.0) == pytest.approx(0.5)
    assert allowance.pause(50, 0.0) == pytest.approx(1.0)
    assert allowance.pause(0, 1.0) == 0


def test_the_usual_bounds_are_above_what_a_class_needs() -> None:
    """Thirty learners who open a page of thirty parts and a 2 MiB picture at once meet neither bound."""
    allowance = Allowance(Bounds(), 0.0)
    assert all(allowance.admits(0.0) for _ in range(30 * 30))
    assert allowance.pause(30 * 2 * 2**20, 0.0) == 0


@pytest.fixture
async def bounded(house: House) -> House:
    """The house with a small allowance for each page."""
    house.pages.bounds = SMALL
    return house


async def test_too_many_requests_get_a_page_that_says_so(bounded: House) -> None:
    """429 with the time to wait; the container hears nothing of it; another page of the same lab is not concerned."""
    heard = 0

    async def count(request: web.Request) -> web.Response:
        nonlocal heard
        heard += 1
        return web.Response(text="hello")

    page = await bounded.page(count)
    for _ in range(int(SMALL.requests_at_once)):
        async with bounded.get(page) as got:
            assert got.status == 200
    async with bounded.get(page, headers={"Accept": "text/html", "Accept-Language": "en"}) as got:
        assert (got.status, got.headers["Retry-After"]) == (429, "5")
        assert "Too many requests" in await got.text()
    assert heard == SMALL.requests_at_once
    other = await bounded.page(count, "c2")
    async with bounded.get(other) as got:
        assert got.status == 200


@pytest.mark.parametrize("way", ["down", "up"])
async def test_a_page_over_its_bytes_gets_slow_and_loses_none(bounded: House, way: str) -> None:
    """Twenty bytes more than the bucket holds take a fifth of a second at a hundred a second, and all arrive."""
    size = 1020

    async def serve(request: web.Request) -> web.Response:
        sent = await request.read()
        return web.Response(body=b"x" * size if way == "down" else b"%d" % len(sent))

    page = await bounded.page(serve)
    options = {"method": "POST", "data": b"y" * size} if way == "up" else {}
    started = asyncio.get_running_loop().time()
    async with bounded.get(page, **options) as got:
        body = await got.read()
    assert asyncio.get_running_loop().time() - started >= 0.2
    assert body == (b"x" * size if way == "down" else b"1020")
