"""The archive that `docker cp` sends: a plain tar, looked at while it passes.

The engine unpacks a compressed one with the container's own programs (CVE-2026-41567), so only a plain tar passes;
device files and archives beyond any lesson's size end the upload before the engine has any of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.guard.refusals import SENTENCES
from bot.guard.tar import TarWatch
from bot.sandbox.gate.faults import BadRequest


async def tar_pieces(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, as long as they are what they should be; raises BadRequest (400)."""
    watch = TarWatch()
    async for piece in pieces:
        if not watch.feed(piece):
            raise BadRequest(400, SENTENCES["copy-archive"])
        yield piece
