"""How many calls of one lab are taken in a time: each costs everybody's event loop and engine something."""

from __future__ import annotations

from bot.guard.routes import Route
from bot.sandbox.gate.patience import Pace

CALLS, CALL_SECONDS = 2000, 0.005
"""Requests of any kind, and connections. Each takes some tenths of a millisecond of everybody's loop, and a request as
much of the engine's; no more of them come from commands than a lab's own processors can start."""
COSTLY, COSTLY_SECONDS = 40, 0.1
"""An exec is two such calls, a run is one: a script's first twenty execs wait for nothing, and a loop without end takes
a quarter of a processor for its `runc`s, not all of them."""
LARGE_BODY = 4096
"""Bytes; the CLI's own bodies have about 2 kB at most."""
BODIES, BODY_SECONDS = 8, 0.2
"""Reading and rebuilding the largest body takes some ten milliseconds of everybody's loop; no engine creates faster."""


class Paces:
    """The turns of one lab."""

    def __init__(self) -> None:
        self._calls = Pace(CALLS, CALL_SECONDS)
        self._costly = Pace(COSTLY, COSTLY_SECONDS)
        self._bodies = Pace(BODIES, BODY_SECONDS)

    async def call(self) -> None:
        """Before a request is looked at. With all the connections that a lab may have, the wait is a fraction of a
        second, so that nobody is sent away."""
        await self._calls.turn()

    async def carried(self, route: Route, body: bytes) -> bool:
        """Before a request is judged and carried out; False when too many of its kind wait already."""
        if len(body) > LARGE_BODY and not await self._bodies.turn():
            return False
        return not route.costly or await self._costly.turn()
