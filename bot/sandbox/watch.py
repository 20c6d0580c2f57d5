"""One event stream of the engine for the whole host, turned into lab events.

The engine's events are only hints: after each one the container itself is read and compared with what was known. So an
event that was missed, doubled or late can at most cost a look. One container about which the engine is silent is looked
at later; the engine is away when it says nothing at all.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import quote

from bot.errors import EngineError, EngineNotFound, EngineTimeout
from bot.guard.owner import LAB_LABEL, LEARNER
from bot.identity import LabId
from bot.sandbox.engine import Engine, retry_pause
from bot.sandbox.events import (
    ContainerRemoved,
    ContainerRenamed,
    ContainerStarted,
    ContainerStopped,
    EngineBack,
    EngineGone,
    Events,
)
from bot.sandbox.names import belongs, label_filter
from bot.sandbox.stream import objects
from bot.sandbox.summary import ContainerSummary, summary
from bot.tasks import TaskShelf

log = logging.getLogger(__name__)

HINTS = ("start", "die", "destroy", "rename", "pause", "unpause")
"""Not "create": what has never started has no port to open and no page."""
PULSE_SECONDS = 5.0
"""Between two questions whether the engine is alive; each costs it a millisecond."""
PULSE_LIMIT = 8.0
"""Longer than the busiest engine lets one wait for its version, short enough for a learner who waits."""
LOOK_LIMIT = 3.0
"""For one container: a millisecond, unless the engine holds its lock for something that takes long."""
AGAIN_SECONDS = 5.0
"""Until the next look at a container about which the engine did not answer."""
LOOKS = 16
"""At a time: more would only wait for each other."""


class Watch:
    """Knows every learner's container and tells what changes. `run` never ends by itself."""

    def __init__(self, engine: Engine, events: Events) -> None:
        self._engine = engine
        self._events = events
        self._known: dict[str, tuple[LabId, ContainerSummary]] = {}
        self._resumed: set[str] = set()
        self._here = True
        self._attempt = 0
        self._waiting: dict[str, bool] = {}
        """Containers that are looked at, and whether there is news of them that the look has not begun with."""
        self._at_a_time = asyncio.Semaphore(LOOKS)
        self.ready = asyncio.Event()
        """Set once the first stream is open: from then on nothing is missed."""

    @property
    def engine_answers(self) -> bool:
        return self._here

    def expect(self, container_ids: Iterable[str]) -> None:
        """The next start of these is no news: they go on after a stop of the bot."""
        self._resumed.update(container_ids)

    async def run(self) -> None:
        while True:
            reason = "its event stream ended"
            try:
                await self._follow_alive()
            except* EngineError as errors:
                reason = str(errors.exceptions[0])
            self._gone(reason)
            await asyncio.sleep(retry_pause(self._attempt))
            self._attempt += 1

    async def _follow_alive(self) -> None:
        """An engine that hangs keeps its stream open: only a question beside it shows that nobody is there."""
        looks = TaskShelf()
        try:
            async with asyncio.TaskGroup() as both:
                pulse = both.create_task(self._feel_pulse())
                await self._follow(looks)
                pulse.cancel()
        finally:
            await looks.close()

    async def _feel_pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            try:
                async with (
                    asyncio.timeout(PULSE_LIMIT),
                    aclosing(objects(self._engine.socket_path, "/version")) as sign,
                ):
                    await anext(sign)
            except TimeoutError:
                raise EngineTimeout(f"it has not said a word for {PULSE_LIMIT:g} s") from None

    async def _follow(self, looks: TaskShelf) -> None:
        filters = {"type": ["container"], "event": HINTS, **label_filter(role=LEARNER, host=self._engine.host)}
        path = f"/events?filters={quote(json.dumps(filters))}"
        async with aclosing(objects(self._engine.socket_path, path)) as stream:
            async for hint in stream:
                if hint is None:
                    await self._arrived(looks)
                else:
                    self._see(hint["Actor"]["ID"], looks)

    def _see(self, container_id: str, looks: TaskShelf, *, quietly: bool = False) -> None:
        """Look at it beside all else: no container's silence keeps the news of the others back."""
        before = container_id in self._waiting
        self._waiting[container_id] = True
        if not before:
            looks.start(self._look_on(container_id, quietly), name=f"look at {container_id[:12]}")

    async def _look_on(self, container_id: str, quietly: bool) -> None:
        """Until the engine has answered about it, and nothing was said of it meanwhile."""
        silent = False
        try:
            while silent or self._waiting[container_id]:
                self._waiting[container_id] = False
                try:
                    async with self._at_a_time:
                        await self.look(container_id, quietly=quietly)
                    silent = quietly = False
                except EngineError as error:
                    if not silent:
                        log.warning("container %s is not watched for now: %s", container_id[:12], error)
                    silent = True
                    await asyncio.sleep(AGAIN_SECONDS)
        finally:
            del self._waiting[container_id]

    async def _arrived(self, looks: TaskShelf) -> None:
        """The stream is open; whatever happened before is read from the engine's list."""
        first = not self.ready.is_set()
        filters = label_filter(role=LEARNER, host=self._engine.host)
        listed = await self._engine.call(lambda client: client.containers(all=True, filters=filters))
        self._attempt = 0
        if not self._here:
            self._here = True
            log.info("the engine answers again")
            self._events.tell(EngineBack())
        for container_id in {item["Id"] for item in listed} | set(self._known):
            self._see(container_id, looks, quietly=first)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_LIMIT):
                while self._waiting:  # noqa: ASYNC110 - each look ends by itself, none tells
                    await asyncio.sleep(0.01)
        self.ready.set()

    def _gone(self, reason: str) -> None:
        """Told once, however many attempts fail after it."""
        if self._here:
            self._here = False
            log.warning("the engine does not answer: %s; trying again until it does", reason)
            self._events.tell(EngineGone())

    async def look(self, container_id: str, *, quietly: bool = False) -> None:
        """Compare a container with what was known and tell the difference."""
        before = self._known.get(container_id)
        try:
            found = await self._engine.inspect(container_id, LOOK_LIMIT)
        except EngineNotFound:
            self._forget(container_id)
            return
        lab = _lab_of(found)
        if lab is None:
            return
        now = summary(lab, found)
        self._known[container_id] = (lab, now)
        if not quietly:
            self._tell(lab, before[1] if before else None, now)

    def _forget(self, container_id: str) -> None:
        before = self._known.pop(container_id, None)
        if before is None:
            return
        lab, container = before
        if container.runs:
            self._events.tell(ContainerStopped(lab, container_id))
        self._events.tell(ContainerRemoved(lab, container_id))

    def _tell(self, lab: LabId, before: ContainerSummary | None, now: ContainerSummary) -> None:
        ran = before is not None and before.runs
        again = before is not None and before.started_at != now.started_at
        if ran and (again or not now.runs):
            self._events.tell(ContainerStopped(lab, now.id))
        if before is not None and before.name != now.name:
            self._events.tell(ContainerRenamed(lab, now.id, now.name))
        if now.runs and (again or not ran):
            self._events.tell(ContainerStarted(lab, now, resumed=now.id in self._resumed))
            self._resumed.discard(now.id)


def _lab_of(found: Mapping[str, Any]) -> LabId | None:
    """The lab whose learner made this container."""
    labels = found["Config"]["Labels"] or {}
    lab = LabId(labels.get(LAB_LABEL, ""))
    return lab if belongs(labels, lab, LEARNER) else None
