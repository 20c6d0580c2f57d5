"""What the connections of one lab share, and how a call of it is judged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.errors import EngineError
from bot.guard.call import Call
from bot.guard.decide import decide
from bot.guard.owner import Owner
from bot.guard.verdict import Need, Question, Verdict
from bot.sandbox.gate.carry import Carrier
from bot.sandbox.gate.copy import Copier
from bot.sandbox.gate.facts import answer as answer_question
from bot.sandbox.gate.owed import Owed
from bot.sandbox.gate.paces import Paces
from bot.sandbox.gate.patience import LONGEST_WAIT, Pace
from bot.sandbox.gate.protocols import Freezer, GateObserver, ImageShelf
from bot.sandbox.gate.slots import Slots
from bot.sandbox.gate.sparing import SparingLog
from bot.sandbox.gate.spool import SPOOLS_OF_LAB, Spools
from bot.sandbox.gate.stillness import Stillness
from bot.sandbox.gate.upstream import Engine
from bot.sandbox.turns import Turns

log = logging.getLogger(__name__)

MAX_ROUNDS = 6
"""The longest chain of questions is three."""
BURST, PACE_SECONDS = 3, 5.0
"""`docker diff` walks a container's whole file system; a person at a prompt does not notice the pace."""


class Lab:
    """What the connections of one lab share."""

    def __init__(
        self,
        owner: Owner,
        engine: Engine,
        shelf: ImageShelf,
        observer: GateObserver,
        turns: Turns,
        freezer: Freezer,
        spools: Spools,
    ) -> None:
        self.owner = owner
        self.engine = engine
        self.shelf = shelf
        self.observer = observer
        stillness = Stillness(owner.lab, turns, freezer)
        self.failures = SparingLog(log, owner.lab)
        self.carrier = Carrier(owner, engine, shelf, observer, turns, stillness, self.failures)
        self.copier = Copier(engine, self.carrier, stillness, self.failures)
        self.spools = spools
        self.spooled = Slots(SPOOLS_OF_LAB)
        self.changes = asyncio.Lock()
        self._walks = asyncio.Lock()
        self._turns = turns
        self.streams = Slots(owner.limits.streams)
        self._pace = Pace(BURST, PACE_SECONDS)
        self.paces = Paces()
        self.owed = Owed()

    @asynccontextmanager
    async def walk(self) -> AsyncIterator[bool]:
        """Walks of containers' files are done one at a time, but no other call waits for them; gives whether there was
        a turn before it would have taken too long."""
        async with self._walks:
            if not await self._pace.turn():
                yield False
                return
            async with self._turns.walk(LONGEST_WAIT) as free:
                yield free

    async def decided(self, call: Call) -> Verdict:
        """The verdict on a call, by what is so on the engine now."""
        known: dict[Question, Any] = {}
        for _ in range(MAX_ROUNDS):
            verdict = decide(call, self.owner, known)
            if not isinstance(verdict, Need):
                return verdict
            asked = (answer_question(item, self.owner, self.engine, self.shelf) for item in verdict.questions)
            known |= zip(verdict.questions, await asyncio.gather(*asked), strict=True)
        raise EngineError("a decision asked for more facts than there are")
