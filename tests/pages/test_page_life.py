"""A page's life: opened, extended, over; restarts of the container and of the bot."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from aiohttp import web

from bot.errors import ContainerReturns, EngineUnavailable, LabClosed, PageError
from bot.identity import LabId
from bot.pages import Page
from bot.pages.page import due
from tests.pages.house import LAB, START, TTL, House


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def status(house: House, page: Page, **headers: str) -> int:
    async with house.get(page, headers=headers) as answer:
        return int(answer.status)


async def test_a_page_shows_what_the_container_publishes(house: House) -> None:
    """Opened, it answers under its address with the container's own words, and for its lifetime."""
    page = await house.page(hello)
    assert page.ends_at == START + timedelta(seconds=TTL)
    assert house.pages.url(page) == f"http://{page.token}.localhost:8080/"
    async with house.get(page) as answer:
        assert (answer.status, await answer.text()) == (200, "hello")


async def test_other_hosts_reach_the_other_routes(house: House) -> None:
    """The server's own name is the chat page's; a page's Host never is, even when no such page exists."""
    async with house.session.get(house.url) as answer:
        assert await answer.text() == "the chat page"
    async with house.session.get(house.url, headers={"Host": f"p{'a' * 26}.localhost:8080"}) as answer:
        assert answer.status == 404
        assert "the chat page" not in await answer.text()


async def test_the_same_port_opened_again_is_the_same_address_with_fresh_time(house: House) -> None:
    """Opening twice gives one page; another container, host port or container port gives another."""
    first = await house.page(hello)
    house.clock.forward(minutes=10)
    second = await house.pages.open(LAB, "c1", "renamed", 8088, 80)
    assert (second.token, second.opened_at) == (first.token, first.opened_at)
    assert (second.ends_at, second.container_name) == (first.ends_at + timedelta(minutes=10), "renamed")
    others = [
        await house.pages.open(LAB, "c2", "web", 8088, 80),
        await house.pages.open(LAB, "c1", "web", 8089, 80),
        await house.pages.open(LAB, "c1", "web", 8088, 81),
    ]
    assert len({page.token for page in (first, *others)}) == 4
    assert house.pages.of_lab(LAB)[0] == second


async def test_extending_adds_time_but_not_without_end(house: House) -> None:
    """One tap gives one lifetime more; many taps never more than two from now; the kept record follows."""
    page = await house.page(hello)
    house.clock.forward(minutes=20)
    once = await house.pages.extend(page.token)
    assert once.ends_at == page.ends_at + timedelta(seconds=TTL)
    for _ in range(5):
        last = await house.pages.extend(page.token)
    assert last.ends_at == house.clock.now + timedelta(seconds=2 * TTL)
    record = await house.store.pages.get(page.token)
    assert record is not None and record.ends_at == last.ends_at


async def test_an_update_that_is_done_once_more_extends_a_page_once(house: House) -> None:
    """Also after a restart, and when the page was opened again meanwhile; the next update counts anew."""
    page = await house.page(hello)
    house.clock.forward(minutes=20)
    once = await house.pages.extend(page.token, update=7)
    await house.pages.open(LAB, "c1", "web", 8088, 80)
    async with house.new_pages() as restarted:
        assert await restarted.extend(page.token, update=7) == once
    house.clock.forward(minutes=5)
    assert (await house.pages.extend(page.token, update=8)).ends_at > once.ends_at


async def test_no_page_is_promised_beyond_its_labs_end(house: House) -> None:
    """Neither when it is opened or opened again, nor by Extend; and a page is never cut shorter by that."""
    await house.page(hello)
    end = house.clock.now + timedelta(seconds=TTL + 60)
    house.clock.forward(minutes=10)
    page = await house.pages.open(LAB, "c1", "web", 8088, 80, end)
    assert page.ends_at == end
    assert (await house.pages.extend(page.token, end)).ends_at == end
    assert (await house.pages.extend(page.token, end - timedelta(minutes=5))).ends_at == end
    assert (await house.pages.extend(page.token)).ends_at == end + timedelta(seconds=TTL)


async def test_the_end_is_honoured_at_once_and_told_once(house: House) -> None:
    """At the very second a request finds nothing, before anything was cleared away; `expire` then tells it once."""
    page = await house.page(hello)
    house.clock.forward(seconds=TTL - 1)
    assert await status(house, page) == 200
    now = house.clock.forward(seconds=1)
    assert await status(house, page) == 404
    with pytest.raises(PageError):
        await house.pages.extend(page.token)
    assert await house.pages.expire(now) == (page,)
    assert await house.pages.expire(now) == ()
    assert await house.store.pages.all() == ()


async def test_a_page_that_is_over_gets_a_new_address_when_opened_again(house: House) -> None:
    """An old address never comes back to life."""
    page = await house.page(hello)
    house.clock.forward(seconds=TTL)
    again = await house.pages.open(LAB, "c1", "web", 8088, 80)
    assert again.token != page.token
    assert (await status(house, page), await status(house, again)) == (404, 200)


async def test_due_gives_those_that_are_over_in_order() -> None:
    """A pure choice: nothing before its second, the longest over first."""
    page = Page("t", LAB, "c", "web", 8088, 80, START, START)
    pages = [dataclasses.replace(page, ends_at=START + timedelta(seconds=second)) for second in (3, 1, 2)]
    assert [found.ends_at.second for found in due(pages, START + timedelta(seconds=2))] == [1, 2]


async def test_closing_ends_one_page_or_a_labs(house: House) -> None:
    """Closed pages are over at once and forgotten; closing again is nothing."""
    first = await house.page(hello)
    second = await house.pages.open(LAB, "c1", "web", 8089, 80)
    assert await house.pages.close(first.token) == first
    assert await house.pages.close(first.token) is None
    assert (await status(house, first), await status(house, second)) == (404, 200)
    assert await house.pages.close_lab(LAB) == (second,)
    assert await house.pages.close_lab(LAB) == ()
    assert await house.store.pages.all() == ()


async def test_a_stopped_container_keeps_its_address(house: House) -> None:
    """Stopped: a page that says so. Started under another address: the same URL shows it, without a wait."""
    page = await house.page(hello)
    assert await status(house, page) == 200
    house.containers.addresses["c1"] = LabClosed("it does not run")
    house.pages.container_stopped("c1")
    async with house.get(page, headers={"Accept-Language": "en"}) as answer:
        assert answer.status == 503
        assert "docker container start web" in await answer.text()
    await house.container(hello)
    house.pages.container_started("c1")
    assert await status(house, page) == 200


async def test_a_container_that_the_bot_starts_again_is_not_called_stopped(house: House) -> None:
    """After a crash of everything: no command to type, and the page asks again by itself within two seconds."""
    page = await house.page(hello)
    house.containers.addresses["c1"] = ContainerReturns("web")
    async with house.get(page, headers={"Accept-Language": "en"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert "Coming back" in (told := await answer.text()) and "docker container start" not in told


async def test_a_removed_container_takes_its_pages_along(house: House) -> None:
    """Told by the engine's event: the pages end and are given back, so that the chat can say so."""
    page = await house.page(hello)
    other = await house.page(hello, "c2")
    assert await house.pages.container_removed("c1") == (page,)
    assert house.pages.of_lab(LAB) == (other,)
    assert await status(house, page) == 404


async def test_a_container_that_vanished_unnoticed_ends_its_page_at_the_next_visit(house: House) -> None:
    """When an event was missed, the engine's "no such container" ends the page; `expire` still tells it."""
    page = await house.page()
    assert await status(house, page) == 404
    assert [ended.token for ended in await house.pages.expire(house.clock.now)] == [page.token]


async def test_an_engine_that_is_away_ends_nothing(house: House) -> None:
    """While the engine restarts, pages wait for it."""
    page = await house.page(hello)
    address, house.containers.addresses["c1"] = house.containers.addresses["c1"], EngineUnavailable("no answer")
    assert await status(house, page) == 503
    house.containers.addresses["c1"] = address
    assert await status(house, page) == 200


async def test_pages_survive_a_restart_of_the_bot(house: House) -> None:
    """New `Pages` over the same store: same address, same end, same count of visits."""
    page = await house.page(hello)
    assert [await status(house, page) for _ in range(3)] == [200] * 3
    await house.pages.expire(house.clock.now)
    async with house.new_pages() as restarted:
        assert restarted.of_lab(LAB) == (page,)
        assert restarted.visits(page.token) == 3


async def test_visits_count_documents_not_their_parts(house: House) -> None:
    """A browser says what a request is for; what says nothing counts; failures and posts do not."""
    page = await house.page(hello)
    await status(house, page)
    await status(house, page, **{"Sec-Fetch-Dest": "document"})
    await status(house, page, **{"Sec-Fetch-Dest": "image"})
    async with house.get(page, method="POST", data=b"x"):
        pass
    assert house.pages.visits(page.token) == 2
    assert house.pages.visits("unknown") == 0


async def test_a_page_needs_a_lab(house: House) -> None:
    """A lab without a record (closed meanwhile) cannot have a page, and no half of one stays."""
    other = LabId("ffffffffff")
    with pytest.raises(LabClosed):
        await house.pages.open(other, "c1", "web", 8088, 80)
    assert house.pages.of_lab(other) == ()


async def test_the_engine_is_not_asked_with_each_request(house: House) -> None:
    """A burst of requests costs one question, and its connections are made by the sandbox's sockets."""
    page = await house.page(hello)
    for _ in range(20):
        assert await status(house, page) == 200
    assert house.containers.asked == 1
    assert house.containers.sockets == 1
