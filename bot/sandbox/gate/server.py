"""The gate of one lab: a unix socket, its connections, and what they share."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

from bot.guard.owner import Owner
from bot.guard.verdict import Refuse
from bot.sandbox.gate.connection import Connection
from bot.sandbox.gate.head import MAX_HEAD
from bot.sandbox.gate.lab import Lab
from bot.sandbox.gate.listening import ClientReader, protocol
from bot.sandbox.gate.paces import CALL_SECONDS, CALLS
from bot.sandbox.gate.patience import Pace
from bot.sandbox.gate.protocols import Freezer, GateObserver, ImageShelf
from bot.sandbox.gate.slots import Slots
from bot.sandbox.gate.sockets import inode, listening
from bot.sandbox.gate.spool import Spools
from bot.sandbox.gate.upstream import Engine
from bot.sandbox.ports import accepted
from bot.sandbox.turns import Turns
from bot.tasks import TaskShelf

TOLD_AT_A_TIME = 16
"""Connections beyond the limit that are told so, which keeps each open until it has read that; the rest of a flood is
cut off, since a descriptor of the bot is every lab's."""
FULL = Refuse(429, "connections-full", "this lab has as many connections as it may; end a docker command first")


class Gate:
    """Serves one lab's calls at `socket_path` between `start` and `close`."""

    def __init__(
        self,
        *,
        engine_socket: Path,
        owner: Owner,
        shelf: ImageShelf,
        observer: GateObserver,
        turns: Turns,
        freezer: Freezer,
        spools: Spools,
    ) -> None:
        """`turns` and `spools` are shared by all gates of one engine."""
        self._lab = Lab(owner, Engine(engine_socket), shelf, observer, turns, freezer, spools)
        self._connections = Slots(owner.limits.connections)
        self._told = Slots(TOLD_AT_A_TIME)
        self._tasks = TaskShelf()
        self._arrivals = Pace(CALLS, CALL_SECONDS)
        self._path: Path | None = None
        self._inode: int | None = None
        self._closed = False

    @property
    def connections(self) -> int:
        """Clients connected now."""
        return self._connections.taken

    @property
    def streams(self) -> int:
        """Streams carried now."""
        return self._lab.streams.taken

    async def start(self, socket_path: Path) -> None:
        """Returns when the socket accepts. A stale socket at the path is replaced."""
        listener = listening(socket_path)
        self._path, self._inode = socket_path, inode(socket_path)
        self._tasks.start(self._accept(listener), name=f"gate of {self._lab.owner.lab}")

    async def close(self) -> None:
        """Stop accepting, end every connection, take the socket away (if it is still this gate's)."""
        self._closed = True
        await self._tasks.close()
        if self._path is not None and inode(self._path) == self._inode:
            self._path.unlink(missing_ok=True)

    async def _accept(self, listener: socket.socket) -> None:
        """One connection in a turn of the loop, and in a flood fewer: asyncio's own server takes all that are there."""
        with listener:
            while True:
                connection = await accepted(listener)
                self._take(connection)
                await asyncio.sleep(0)
                await self._arrivals.turn()

    def _take(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        taken = loop.connect_accepted_socket(lambda: protocol(self._connected, MAX_HEAD), connection)

        def done(task: asyncio.Task[Any]) -> None:
            if task.cancelled() or task.exception() is not None:
                connection.close()

        self._tasks.start(taken, name="gate connection").add_done_callback(done)

    def _connected(self, reader: ClientReader, writer: asyncio.StreamWriter) -> None:
        if self._closed:  # accepted just before the end
            writer.transport.abort()
            return
        task = self._tasks.start(self._serve(reader, writer), name=f"gate {self._lab.owner.lab}")
        # Closed by then, but for a task that was cancelled before its first step or while it told that the lab is full.
        task.add_done_callback(lambda _: writer.transport.abort())

    async def _serve(self, reader: ClientReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._admitted(reader, writer)
        except Exception as error:
            # Not the shelf's to tell: a learner's loop would fill the log with it.
            self._lab.failures.warning(error, trace=True)

    async def _admitted(self, reader: ClientReader, writer: asyncio.StreamWriter) -> None:
        with self._connections.one() as free:
            if free:
                await Connection(self._lab, reader, writer).serve()
                return
        with self._told.one() as free:
            if free:
                await Connection(self._lab, reader, writer, only=FULL).serve()
            else:
                writer.transport.abort()
