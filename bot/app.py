"""The composition root: every part is made here, in order, and closed in the reverse order.

settings → listening socket → store → course → sandbox host → local chat (without a token) → pages → web server → bot
"""

from __future__ import annotations

import asyncio
import errno
import gc
import ipaddress
import logging
import socket
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from aiohttp import web

from bot.chat.bot import ChatBot
from bot.chat.guests import GuestList
from bot.chat.keeper import Terms
from bot.course import Course, read_course
from bot.errors import DosirakError, EngineTimeout, EngineUnavailable, Fault, SettingsError, StoreError
from bot.identity import LabId
from bot.learning.capacity import MIB, Bounds
from bot.localchat import LocalChat
from bot.pages import Pages
from bot.pages.browser import find_browser
from bot.pages.preview import Previews
from bot.pages.serving import SERVER_OPTIONS, serve_by_host
from bot.sandbox.host import SandboxHost
from bot.settings import Settings
from bot.store import LabState, Store
from bot.tasks import TaskShelf

log = logging.getLogger(__name__)

COLLECT_AFTER = 20_000
"""Objects until the collector looks at the youngest, some 2 MB. One tap makes hundreds, and nearly all go without it:
at Python's 700 it takes a tenth of the bot's time."""
ENGINE_PAUSE = 0.3
"""Seconds between looks at an engine that is not there yet."""
LEFT_PAUSE = 15.0
"""Seconds between attempts at what is left of labs that nobody owns; their keeper tries the others as often."""
LAST_REQUESTS = 1.0
"""Seconds that the web server waits for requests in hand at the stop; the whole stop has ten."""


async def run(settings: Settings) -> None:
    """Run until cancelled. Raises SettingsError or ContentError for what an operator must put right."""
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(_bound(settings))
        port = listening.getsockname()[1]
        store = await stack.enter_async_context(Store.open(settings.state))
        course = read_course(settings.content)
        host = await _host(stack, settings, store, course)
        local = await _local_chat(stack, settings)
        pages = await stack.enter_async_context(_pages(settings, port, store, host))
        await _serve(stack, listening, local, pages)
        chat = ChatBot(
            token=local.token if local else _token(settings),
            api_url=f"http://127.0.0.1:{port}" if local else settings.telegram_api_url,
            course=course,
            store=store,
            labs=host.labs,
            pages=pages,
            events=host.events,
            terms=Terms(timedelta(seconds=settings.lab_idle), timedelta(seconds=settings.lab_lifetime)),
            clock=_utc_now,
            bounds=_bounds(settings),
            guests=GuestList(settings.admins, settings.banned, settings.allowed),
            meter=host.meter,
            host=host,
            previews=_previews(settings, port),
        )
        await stack.enter_async_context(chat)
        _settle()
        if local:
            log.info("chat page: http://%s:%d/", settings.listen_host, port)
        await chat.until_refused()


def _bounds(settings: Settings) -> Bounds:
    """What decides how many labs are open at once."""
    return Bounds(
        labs=settings.labs_max,
        labs_of_a_person=settings.labs_per_person,
        memory_reserve=settings.memory_reserve_mib * MIB,
        disk_reserve=settings.disk_reserve_mib * MIB,
    )


def _settle() -> None:
    """What the start has made stays until the end: the collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


def _bound(settings: Settings) -> socket.socket:
    """The socket of chat page and pages, taken before anything else is started; it listens when all is ready."""
    host, port = settings.listen_host.strip("[]"), settings.listen_port
    if settings.telegram_token is None and not _is_loopback(host):
        problem = "without TELEGRAM_TOKEN the chat page is served, for this machine alone: use 127.0.0.1:8080"
        raise SettingsError((Fault("DOSIRAK_LISTEN", problem),))
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        reason = "another program has this port" if error.errno == errno.EADDRINUSE else error.strerror
        raise SettingsError((Fault("DOSIRAK_LISTEN", f"{settings.listen}: {reason}; choose another"),)) from None
    return listening


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _host(stack: AsyncExitStack, settings: Settings, store: Store, course: Course) -> SandboxHost:
    images = frozenset(image for chapter in course.chapters for image in chapter.images)
    host = await stack.enter_async_context(SandboxHost(settings, store.shelf, images))
    stack.push_async_callback(_park_all, host, store)
    tasks = TaskShelf()
    stack.push_async_callback(tasks.close)
    tasks.start(_take_up(host, store), name="labs of the last run")
    tasks.keep(partial(_finish, host, store), name="what is left of labs")
    return host


async def _take_up(host: SandboxHost, store: Store) -> None:
    """After a stop or a crash, as soon as the engine is there."""
    with host.taking_up():
        while True:
            try:
                await _sweep(host, store)
                await _run_again(host, store, await _ran(host, store))
                return await store.labs.remember_running({})
            except (EngineUnavailable, EngineTimeout):
                await asyncio.sleep(ENGINE_PAUSE)
            except DosirakError as error:
                return log.warning("the labs of the last run are not looked after: %s", error)


async def _sweep(host: SandboxHost, store: Store) -> None:
    """Finish closing what was being closed, and remove what nobody owns."""
    # Looked for before the records are read: a lab has its record before its first trace, so one that is opened at
    # this moment is never taken for a leftover.
    found = await host.labs.found()
    records = await store.labs.all()
    closing = {record.lab_id for record in records if record.state is LabState.CLOSING}
    swept = await host.labs.close_all(found - {record.lab_id for record in records} | closing)
    for lab_id in closing & swept:
        await store.labs.remove(lab_id)


async def _finish(host: SandboxHost, store: Store) -> None:
    """Go on with labs that nobody owns and that the engine did not give up: those of a last run, and of people who are
    forgotten. One that is being closed and has a record is its keeper's."""
    while True:
        await asyncio.sleep(LEFT_PAUSE)
        if left := host.labs.broken_off:
            try:
                owned = {record.lab_id for record in await store.labs.all()}
            except StoreError as error:
                log.warning("what is left of labs stays for now: %s", error)
                continue
            await host.labs.close_all(left - owned)


async def _run_again(host: SandboxHost, store: Store, ran: dict[LabId, tuple[str, ...]]) -> None:
    """What runs takes a place among the open labs, and may be parked when nobody uses it."""
    while ran:
        left = await host.resume(ran)
        for lab_id in ran:
            if host.labs.get(lab_id) is not None:
                await store.labs.woken(lab_id)
        if ran := left:
            await asyncio.sleep(ENGINE_PAUSE)


async def _ran(host: SandboxHost, store: Store) -> dict[LabId, tuple[str, ...]]:
    """What a clean stop has stopped; and what has a page and died with its engine."""
    ran = {lab_id: set(containers) for lab_id, containers in (await store.labs.remembered_running()).items()}
    paged = await store.pages.all()
    for lab_id in {page.lab_id for page in paged}:
        of_pages = {page.container_id for page in paged if page.lab_id == lab_id}
        try:
            lost = {one.id for one in await host.labs.containers(lab_id) if one.lost and one.id in of_pages}
        except EngineTimeout as error:  # About one container, which its learner may cause: the others do not wait.
            log.warning("nothing is known of what ran in lab %s: %s", lab_id, error)
            continue
        ran[lab_id] = ran.get(lab_id, set()) | lost
    return {lab_id: tuple(sorted(containers)) for lab_id, containers in ran.items() if containers}


async def _park_all(host: SandboxHost, store: Store) -> None:
    """A clean stop: nothing of a lab runs on, and the next start knows what ran."""
    is_open = [lab.id for lab in host.labs.all()]
    ran = await host.stop_all()
    # A stop that comes before all runs again must not forget the rest.
    waiting = await store.labs.remembered_running()
    both = {lab_id: {*ran.get(lab_id, ()), *waiting.get(lab_id, ())} for lab_id in ran.keys() | waiting.keys()}
    await store.labs.remember_running(both)
    for lab_id in is_open:
        await store.labs.set_state(lab_id, LabState.PARKED)


async def _local_chat(stack: AsyncExitStack, settings: Settings) -> LocalChat | None:
    if settings.telegram_token is not None:
        return None
    return await stack.enter_async_context(LocalChat(settings.state))


def _pages(settings: Settings, port: int, store: Store, host: SandboxHost) -> Pages:
    return Pages(
        domain=settings.pages_domain,
        scheme=settings.pages_scheme,
        port=port,
        ttl=settings.page_ttl,
        records=store.pages,
        upstreams=_Upstreams(host),
        clock=_utc_now,
    )


def _previews(settings: Settings, port: int) -> Previews | None:
    """Where the operator wants pictures of pages and has a browser for them."""
    if not settings.page_preview:
        return None
    if (program := find_browser()) is None:
        log.warning("DOSIRAK_PAGE_PREVIEW is set, but Chromium is not installed: pages come without a picture")
        return None
    return Previews(program, (_this_machine(settings.listen_host.strip("[]")), port))


def _this_machine(host: str) -> str:
    """An address at which this machine reaches what listens there."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


class _Upstreams:
    """The pages' way to containers, in the shape that they ask for."""

    def __init__(self, host: SandboxHost) -> None:
        self._host = host

    async def address(self, lab_id: LabId, container_id: str, port: int) -> tuple[str, int]:
        found = await self._host.address(lab_id, container_id, port)
        return found.ip, found.port

    def make_socket(self, address_info: tuple[Any, ...]) -> socket.socket:
        return self._host.make_socket(address_info[0])


async def _serve(stack: AsyncExitStack, listening: socket.socket, local: LocalChat | None, pages: Pages) -> None:
    """One listener: pages by their host, everything else is the local chat's, or nobody's."""
    application = local.application() if local else web.Application()
    runner = web.AppRunner(application, shutdown_timeout=LAST_REQUESTS, **SERVER_OPTIONS)
    await runner.setup()
    serve_by_host(runner, pages)
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listening).start()


def _token(settings: Settings) -> str:
    assert settings.telegram_token is not None  # Without a token there is the local chat.
    return settings.telegram_token.get_secret_value()


def _utc_now() -> datetime:
    return datetime.now(UTC)
