"""What a crash hits: the bot's process, the engine's daemons, the registry, or the power of all of them at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from enum import StrEnum

from bot.guard.owner import LAB_LABEL
from bot.sandbox.cgroups import Cgroups
from deploy.host import leftovers
from deploy.host.daemons import Daemon
from deploy.host.engine import Engine, containerd_daemon, dockerd_daemon
from deploy.host.engine_api import answers, ask
from deploy.host.namespace import remove_namespace
from deploy.host.places import Places
from deploy.host.registry import registry_daemon
from deploy.host.temporary import EngineHost
from tests.e2e.house import House, house
from tests.faults.process import BotProcess
from tests.faults.telegram import Telegram, telegram_at


class Victim(StrEnum):
    """What a moment kills."""

    BOT = "bot"
    ENGINE = "engine"
    REGISTRY = "registry"
    BOT_AND_ENGINE = "bot and engine"
    POWER = "power"

    @property
    def takes_the_bot(self) -> bool:
        return self in (Victim.BOT, Victim.BOT_AND_ENGINE, Victim.POWER)


class World:
    """One engine, one Bot API server that outlives everything, and the bot between the two."""

    def __init__(self, telegram: Telegram, home: House, host: EngineHost) -> None:
        self.telegram = telegram
        self.home = home
        self.places = Places.of(host.state)
        self._engine = Engine(self.places)
        self._settings = telegram.used_by(home.settings)
        self._bot = BotProcess(self._settings)
        self.tracebacks: list[str] = []

    async def start(self) -> None:
        """The bot, up to its first fetched message."""
        self._bot = await BotProcess(self._settings).__aenter__()
        await self._bot.answers()

    async def end(self) -> None:
        """Whatever still runs of it."""
        await self._bot.killed()

    async def stop(self) -> None:
        """A clean stop."""
        if (code := await self._bot.stopped()) != 0:
            raise AssertionError(f"the bot ended with {code}:\n{self._bot.log}")
        self._look_at_log()

    async def kill(self, victim: Victim) -> None:
        """SIGKILL: nobody can tidy up."""
        engine, registry = dockerd_daemon(self.places), registry_daemon(self.places)
        daemons: tuple[Daemon, ...] = {
            Victim.ENGINE: (engine,),
            Victim.BOT_AND_ENGINE: (engine,),
            Victim.REGISTRY: (registry,),
            Victim.POWER: (engine, containerd_daemon(self.places), registry),
        }.get(victim, ())
        if victim.takes_the_bot:
            await self._bot.killed()
            self._look_at_log()
        for daemon in daemons:
            _kill(daemon)
        if victim is Victim.POWER:
            await asyncio.to_thread(self._forget_what_memory_held)

    def _forget_what_memory_held(self) -> None:
        """What a machine that was switched off has not when it is on again: processes, mounts, namespaces, cgroups."""
        leftovers.end_shims(self.places)
        leftovers.unmount(self.places)
        remove_namespace(self.places)
        leftovers.remove_cgroups(self.places)
        leftovers.remove_run_folder(self.places)

    async def bring_back(self, victim: Victim) -> None:
        """As the launcher does it: daemons first, then the bot."""
        if victim is Victim.POWER:
            await asyncio.to_thread(self._engine.start)
        else:
            await asyncio.to_thread(self._engine.keep)
            while not answers(self.places.engine_socket):  # noqa: ASYNC110 - the engine tells nobody
                await asyncio.sleep(0.05)
        if victim.takes_the_bot:
            await self.start()
        elif victim is Victim.ENGINE:
            await self._bot.logs("the engine answers again", times=self._losses())

    def _losses(self) -> int:
        """How often the bot has lost the engine; other lines say that it did not answer about one container."""
        return max(1, len(self._bot.lines_with("bot.sandbox.watch: the engine does not answer: ")))

    def _look_at_log(self) -> None:
        if "Traceback" in self._bot.log:
            self.tracebacks.append(self._bot.log)

    @property
    def log(self) -> str:
        """What the bot has said since its start."""
        return self._bot.log

    # --- what is there -----------------------------------------------------------------------------------------------

    def labs_on_record(self) -> frozenset[str]:
        """The labs that the state file knows."""
        with closing(sqlite3.connect(f"file:{self.home.settings.state}/dosirak.sqlite3?mode=ro", uri=True)) as file:
            return frozenset(row[0] for row in file.execute("SELECT lab_id FROM labs"))

    def labs_found(self) -> frozenset[str]:
        """The labs of which the engine or the kernel has anything."""
        found = set(Cgroups(self.home.settings.cgroup).found())
        for kind in ("containers/json?all=1", "networks?", "volumes?"):
            _, items = ask(self.places.engine_socket, "GET", f"/v1.41/{kind}")
            listed = items["Volumes"] or [] if kind.startswith("volumes") else items
            found |= {item["Labels"][LAB_LABEL] for item in listed if LAB_LABEL in (item["Labels"] or {})}
        return frozenset(found)


def _kill(daemon: Daemon) -> None:
    pid = daemon.pid()
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
        daemon.stop(grace=0)


@asynccontextmanager
async def world(host: EngineHost) -> AsyncIterator[World]:
    """A world whose bot answers; afterwards nothing of its labs may be left."""
    async with AsyncExitStack() as stack:
        home = await stack.enter_async_context(house(host))
        telegram = await stack.enter_async_context(telegram_at(home.settings.state))
        made = World(telegram, home, host)
        stack.push_async_callback(made.end)
        await made.start()
        yield made
