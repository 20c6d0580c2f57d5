"""The lab's terminal: the pty of bash, PID 1 of the toolbox, through the engine's attach stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from bot.errors import EngineError, EngineNotFound, EngineTimeout, LabClosed, LabError
from bot.sandbox import pipes
from bot.sandbox.backlog import Backlog
from bot.sandbox.engine import Engine, retry_pause
from bot.sandbox.script import Scripts
from bot.sandbox.stream import EngineStream, hijack
from bot.sandbox.toolbox import Toolbox
from bot.tasks import TaskShelf

log = logging.getLogger(__name__)

MOST_UNREAD = 256 * 1024
"""Bytes read before the consumer asks: then the pty waits, however much a program writes."""

WRITE_SECONDS = 10.0
"""The pty takes 4 KiB that no program reads, the way to it some 300 KiB: who fills that is told so."""

NO_KEYS = "%2C".join(["ctrl-%40"] * 16)
"""Detach keys that nobody types (NUL, sixteen times). By default the engine keeps Ctrl-P Ctrl-Q for itself, and each
Ctrl-P until the next key: they are for the docker CLI in the lab."""

LEFT_BEHIND = """
read -r pid name state parent group session terminal front rest < /proc/1/stat
kill -INT 1
[ "$front" = "$group" ] || kill -KILL -- "-$front"
"""
"""Ends what has the terminal, and what bash itself is at: `read`, a loop, the rest of a list, an open quote; it prompts
then. The front is another group than bash's when a program runs (proc(5): `tpgid` and `pgrp` of PID 1). bash takes the
interrupt when that program has ended, and a program that is killed does not end a loop."""

LEFT_BEHIND_SECONDS = 5.0

UNREAD = """
for turn in 1 2 3 4 5 6 7 8; do
    read -r pid name state parent group session terminal front rest < /proc/1/stat
    modes=$(stty -F /proc/1/fd/0 -a)
    case $modes in *" -isig"*) exit ;; esac
    case $modes in *" -icanon"*) [ "$front" != "$group" ] || exit ;; esac
    [ "${first:=$front}" = "$front" ] || exit
    dd if=/proc/1/fd/0 of=/dev/null bs=4096 iflag=nonblock 2> /dev/null
    sleep 0.05
done
"""
"""Reads in the program's place what it does not read, until the Ctrl-C behind that gets through and has ended it. A
program that takes Ctrl-C for a key keeps its input, and so does bash at its prompt (readline reads without `icanon`).
A signal sent instead would leave the unread lines to bash, which would run them."""

Ended = Callable[[int | None], None]


class Shell:
    """Bytes to and from bash. A shell that has exited starts again with the next write."""

    def __init__(
        self, engine: Engine, toolbox: Toolbox, *, scripts: Scripts, attached: Callable[[], Awaitable[None]]
    ) -> None:
        """`attached` is awaited after each attach: the toolbox may have a new network namespace by then."""
        self._engine = engine
        self._toolbox = toolbox
        self._scripts = scripts
        self._attached = attached
        self._size = (80, 24)
        self._stream: EngineStream | None = None
        self._closed = False
        self._known = False
        self._unread = Backlog(MOST_UNREAD)
        self._ends: list[Ended] = []
        self._exit_code: int | None = None
        self._opening = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._shelf = TaskShelf()

    @property
    def alive(self) -> bool:
        """Whether bash runs and is attached."""
        return self._stream is not None

    async def open(self) -> None:
        """Attach to bash, starting it when it does not run. Raises EngineError, LabClosed."""
        async with self._opening:
            if self._closed:
                raise LabClosed("the lab is closed")
            if self._stream is not None:
                return
            running = (await self._toolbox.state()).running
            # Attached before the start, so that not even the first prompt is missed.
            stream = await hijack(
                self._engine.socket_path,
                f"/containers/{self._toolbox.id}/attach?stream=1&stdin=1&stdout=1&stderr=1&detachKeys={NO_KEYS}",
            )
            try:
                if running:
                    await self._demand_pipes(stream)
                else:
                    await self._engine.start(self._toolbox.id)
                    await self._resize()
            except BaseException:
                stream.close()
                raise
            self._stream = stream
            self._shelf.start(self._read(stream), name="shell reader")
            if running and not self._known:
                await self._end_left_behind()
            self._known = True
        await self._attached()

    async def _demand_pipes(self, stream: EngineStream) -> None:
        """A terminal that the engine has lost stays dead: end its bash, so that the next attempt starts another."""
        if await asyncio.to_thread(pipes.lost, stream.peer, self._toolbox.id):
            log.warning("the engine has lost the terminal of %s: its shell starts anew", self._toolbox.id[:12])
            await self._engine.call(lambda client: client.kill(self._toolbox.id))
            raise EngineTimeout("the engine has lost the terminal; bash starts anew")

    async def _end_left_behind(self) -> None:
        """A bot that was killed leaves a bash whose program nobody follows any more, and which would take the next
        command for its input. What runs in the background, or in containers, stays."""
        try:
            await self._scripts.run(LEFT_BEHIND, environment={}, timeout=LEFT_BEHIND_SECONDS)
        except EngineError as error:
            log.info("the terminal is taken over as it is: %s", error)

    async def write(self, data: bytes) -> None:
        """Type `data`. Raises LabError when nothing has read what was typed before for a long while."""
        if self._stream is None:
            await self.open()
        try:
            async with asyncio.timeout(WRITE_SECONDS), self._writing:
                if self._stream is not None:
                    await self._stream.write(data)
        except TimeoutError:
            raise LabError("the program in the terminal does not read its input") from None

    async def drain(self) -> None:
        """Throw away what was typed and nobody has read (the pty's line buffer takes 4 KiB), as the Ctrl-C that waits
        behind it would. Raises EngineError."""
        await self._scripts.run(UNREAD, environment={}, timeout=LEFT_BEHIND_SECONDS)

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the pty its size; kept for the next start."""
        self._size = (columns, rows)
        if self._stream is not None:
            await self._resize()

    async def _resize(self) -> None:
        columns, rows = self._size
        try:
            await self._engine.call(lambda client: client.resize(self._toolbox.id, rows, columns))
        except EngineNotFound:
            raise
        except EngineError as error:
            # bash may end between our look and this call: nothing is lost but the size.
            log.info("the terminal keeps its size: %s", error)

    async def output(self) -> AsyncIterator[bytes]:
        """What the pty prints, for one consumer; ends when the lab is closed, goes on when bash starts again."""
        while (data := await self._unread.take()) is not None:
            if data:
                yield data
            else:
                self._tell_end()

    def when_ended(self, callback: Ended) -> None:
        """Called with bash's exit code (None: unknown) once `output` has given its last bytes."""
        self._ends.append(callback)

    def _tell_end(self) -> None:
        for callback in self._ends:
            callback(self._exit_code)

    async def _read(self, stream: EngineStream) -> None:
        while data := await stream.read():
            self._unread.add(data)
            await self._unread.room()
        stream.close()
        self._stream = None
        await self._after_end()

    async def _after_end(self) -> None:
        """bash has exited, or only the engine went away and bash runs on."""
        for attempt in range(10**9):
            try:
                state = await self._toolbox.state()
                if not state.running:
                    self._exit_code = state.exit_code
                    break
                return await self.open()
            except (EngineNotFound, LabClosed):
                self._exit_code = None
                break
            except EngineError as error:
                log.debug("attempt %d to attach again: %s", attempt, error)
                await asyncio.sleep(retry_pause(attempt))
        self._unread.add(b"")

    async def close(self) -> None:
        """Let go of the pty (bash runs on); `output` ends."""
        self._closed = True
        await self._shelf.close()
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._unread.clear()
        self._unread.add(None)
