"""`localhost:8088` inside the toolbox: the bot listens in the toolbox's network namespace and pumps to the container.

Nothing runs in the lab for this, and no port of the machine is used.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any

from bot.errors import DosirakError, EngineError, EngineNotFound, LabError
from bot.sandbox.containers import Containers
from bot.sandbox.namespace import NetworkNamespace
from bot.sandbox.summary import PublishedPort
from bot.tasks import TaskShelf

log = logging.getLogger(__name__)

CONNECTIONS = 32
"""At most, for each lab: a learner's `curl` needs one, a careless loop must not eat the bot's descriptors."""

BACKLOG = 32
CHUNK = 65536
ACCEPT_PAUSE = 1.0
"""Seconds until the next try when the bot has no descriptor left for a connection."""
CONNECT_SECONDS = 5.0
"""To a bridge on this machine; only a stopped or paused container takes longer."""

Inside = Callable[[], Awaitable[AbstractContextManager[NetworkNamespace]]]


class PortForwards:
    """The open host ports of one lab. `inside` gives the toolbox's network namespace, `outside` is the engine's."""

    def __init__(self, containers: Containers, *, inside: Inside, outside: NetworkNamespace) -> None:
        self._containers = containers
        self._inside = inside
        self._outside = outside
        self._open: dict[str, list[asyncio.Task[None]]] = {}
        self._portless: set[str] = set()
        """Containers that publish nothing, which the gate settled when they were made: not asked about again."""
        self._shelf = TaskShelf()
        self._changing = asyncio.Lock()
        self._connections = 0
        self._closed = False

    async def ensure(self, container_id: str) -> None:
        """Make the open ports fit what this container is now: running, stopped or gone. Trouble is logged."""
        self._containers.forget_address(container_id)
        async with self._changing:
            if container_id in self._portless:
                return
            try:
                await self._ensure(container_id)
            except (EngineError, LabError, OSError) as error:
                log.warning("ports of container %s are not open: %s", container_id[:12], error)

    async def gone(self, container_id: str) -> None:
        """The container was removed: nothing of it is kept."""
        self._portless.discard(container_id)
        await self.ensure(container_id)

    async def _ensure(self, container_id: str) -> None:
        ports = [] if self._closed else await self._wanted(container_id)
        if not ports:
            await _cancelled(self._open.pop(container_id, []))
            return
        if container_id in self._open:
            return
        with await self._inside() as namespace:
            listeners = [(port, _listener(namespace, port)) for port in ports]
        self._open[container_id] = [
            self._start(self._accept(listener, container_id, port), listener, name=f"port {port.host}")
            for port, listener in listeners
            if listener is not None
        ]

    async def _wanted(self, container_id: str) -> list[PublishedPort]:
        """The ports that should be open. Only TCP: nothing in the course speaks UDP to a published port."""
        try:
            container = await self._containers.get(container_id)
        except EngineNotFound:
            return []
        ports = [port for port in container.ports if port.protocol == "tcp"]
        if not ports:
            self._portless.add(container_id)
        return ports if container.runs else []

    async def renew(self) -> None:
        """The toolbox is new, and so is its namespace: open everything again that should be open."""
        async with self._changing:
            for accepting in self._open.values():
                await _cancelled(accepting)
            self._open.clear()
        for container in await self._containers.all():
            await self.ensure(container.id)

    async def close(self) -> None:
        async with self._changing:
            self._closed = True
            self._open.clear()
            await self._shelf.close()

    def _start(self, work: Coroutine[Any, Any, None], owned: socket.socket, *, name: str) -> asyncio.Task[None]:
        """Run `work`, and close its socket at the end, even when it is cancelled before its first step."""
        task = self._shelf.start(work, name=name)
        task.add_done_callback(lambda _: owned.close())
        return task

    async def _accept(self, listener: socket.socket, container_id: str, port: PublishedPort) -> None:
        while True:
            client = await accepted(listener)
            if self._connections >= CONNECTIONS:
                client.close()
            else:
                self._start(self._serve(client, container_id, port.container), client, name=f"forward {port.host}")

    async def _serve(self, client: socket.socket, container_id: str, port: int) -> None:
        self._connections += 1
        try:
            with await self._connected(container_id, port) as server:
                await _both_ways(client, server)
        except* (DosirakError, OSError) as errors:  # a group: the two directions end together
            log.debug("forwarded connection to port %d ended: %s", port, errors.exceptions[0])
        finally:
            self._connections -= 1

    async def _connected(self, container_id: str, port: int) -> socket.socket:
        address = await self._containers.address(container_id, port)
        server = self._outside.socket()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.get_running_loop().sock_connect(server, (address.ip, address.port))
        except BaseException:
            server.close()
            raise
        return server


def _listener(namespace: NetworkNamespace, port: PublishedPort) -> socket.socket | None:
    """None when the learner's own program in the toolbox holds that port: theirs stays."""
    listener = namespace.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port.host))
        listener.listen(BACKLOG)
    except OSError as error:
        log.info("port %d of the toolbox is in use: %s", port.host, error)
        listener.close()
        return None
    return listener


async def accepted(listener: socket.socket) -> socket.socket:
    """The next connection. Where none can be taken now (EMFILE), it waits in the kernel's line until one can."""
    while True:
        try:
            return (await asyncio.get_running_loop().sock_accept(listener))[0]
        except OSError as error:
            log.warning("a connection in a lab has to wait: %s", error)
            await asyncio.sleep(ACCEPT_PAUSE)


async def _both_ways(client: socket.socket, server: socket.socket) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_pump(client, server))
        group.create_task(_pump(server, client))


async def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes and, at the end, the half-close. One connection's rush must not starve the others: so it yields."""
    loop = asyncio.get_running_loop()
    while data := await loop.sock_recv(source, CHUNK):
        await loop.sock_sendall(sink, data)
        await asyncio.sleep(0)
    sink.shutdown(socket.SHUT_WR)


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
