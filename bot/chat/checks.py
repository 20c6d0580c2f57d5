"""A step's check, run in the lab: by itself after each command, or because somebody asked for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.lining_up import line_up
from bot.chat.refusals import FULL, refusal
from bot.errors import DosirakError, EngineError, EngineNotFound, EngineTimeout, EngineUnavailable, LabClosed, LabsFull
from bot.learning.effects import Verify
from bot.learning.events import CheckEnded, Event
from bot.learning.places import step_at
from bot.learning.progress import Place
from bot.sandbox.script import ScriptResult
from bot.store import Wish

log = logging.getLogger(__name__)

ENGINE_RETURNS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between the tries of a check that nobody asked for: an engine that starts again is back within a few, and
what the learner did before it went away still counts."""

Happen = Callable[[Conversation, Event, Cause], Awaitable[None]]
GiveWay = Callable[[Conversation], Awaitable[None]]


class Checks:
    """What a check finds happens in its conversation; one that was asked for is always answered."""

    def __init__(self, happen: Happen, give_way: GiveWay) -> None:
        """`give_way` lets whoever waits for the terminal have it."""
        self._happen = happen
        self._give_way = give_way

    async def verify(self, talk: Conversation, cause: Cause, effect: Verify) -> None:
        """The learner's tap does not wait for it; a command that has ended does, with what is kept of it."""
        if effect.asked:
            talk.later(self._check(talk, cause, effect))
        else:
            await self._check(talk, cause, effect)

    async def again(self, talk: Conversation, cause: Cause, place: Place) -> None:
        """A check that had to wait for a lab."""
        await self._check(talk, cause, Verify(place, asked=True))

    async def _check(self, talk: Conversation, cause: Cause, effect: Verify) -> None:
        step = step_at(talk.kit.course, effect.place)
        if step is None or step.verify is None:
            return
        if effect.asked:
            await talk.kit.sender.typing(talk.scope)
        forgotten = talk.kit.forgetting.since(cause.person.id) if effect.asked else cause.forgotten
        if talk.forgotten is not None:
            return
        cause = Cause(cause.person, forgotten=forgotten)
        try:
            result = await (self._run if effect.asked else self._run_patiently)(talk, cause, step.verify)
        except DosirakError as error:
            log.warning("a check could not run: %s", error)
            if effect.asked:
                await self._refuse(talk, cause, effect.place, error)
            return
        if result.timed_out:
            if effect.asked:
                await talk.say("check.failed")
            return
        reason = result.output.strip().rpartition("\n")[2]
        ended = CheckEnded(effect.place, result.exit_code == 0, reason, effect.asked)
        if not forgotten():
            await self._happen(talk, ended, cause)

    async def _run(self, talk: Conversation, cause: Cause, script: str) -> ScriptResult:
        lab = await talk.kit.keeper.open(talk.scope, cause.person.id)
        return await lab.run_script(script, environment={"DOSIRAK_LANGUAGE": talk.progress.language})

    async def _run_patiently(self, talk: Conversation, cause: Cause, script: str) -> ScriptResult:
        """Nobody would ask again for what they do not know of. In a group the next line does not wait for that."""
        for pause in ENGINE_RETURNS:
            try:
                return await self._run(talk, cause, script)
            except EngineError as error:
                if not _went_away(error):
                    raise
                log.info("a check waits for the engine: %s", error)
            await self._give_way(talk)
            await asyncio.sleep(pause)
            if cause.forgotten():
                raise LabClosed("nothing is opened any more for who has gone meanwhile")
        return await self._run(talk, cause, script)

    async def _refuse(self, talk: Conversation, cause: Cause, place: Place, error: DosirakError) -> None:
        if refusal(error) == FULL:
            return await line_up(talk, cause, Wish.CHECK, place=place)
        await talk.say(refusal(error) if isinstance(error, LabsFull) else "check.failed")


def _went_away(error: EngineError) -> bool:
    """Whether the engine gave no answer, or is back and knows nothing of what ran before; a refusal stays one."""
    hung_up = type(error) is EngineError and error.status is None
    return hung_up or isinstance(error, EngineUnavailable | EngineTimeout | EngineNotFound)
