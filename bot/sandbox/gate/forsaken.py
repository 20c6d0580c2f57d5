"""Containers of `--rm` whose start the gate has refused.

The engine removes one that it could not start, and the CLI waits for that: `docker run --rm -p …` of a port that is
taken would never end.
"""

from __future__ import annotations

from bot.guard.call import Call
from bot.guard.verdict import Forward, Upstream
from bot.sandbox.gate.lab import Lab


async def forsake(lab: Lab, start: Call) -> None:
    """Do as the engine does when `start` has failed; raises EngineError."""
    removal = await lab.decided(Call("DELETE", start.path.removesuffix("/start"), {"v": "1"}))
    if not isinstance(removal, Forward):
        return
    status, found = await lab.engine.read(Upstream("GET", f"{removal.request.path}/json"))
    if status == 200 and found["HostConfig"]["AutoRemove"]:
        await lab.carrier.whole(removal)  # without force: one that runs, the engine keeps
