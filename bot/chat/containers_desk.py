"""The container card's buttons: what each does, and how the card looks afterwards."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from bot.chat import cards
from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.lining_up import line_up
from bot.chat.message import Outgoing
from bot.chat.pages_desk import PagesDesk
from bot.chat.ports import Lab
from bot.chat.refusals import FULL, refusal
from bot.chat.texts import Words
from bot.errors import DosirakError, EngineNotFound, PortTaken
from bot.sandbox.summary import ContainerSummary
from bot.store import Wish
from bot.terminal.frames import compose

log = logging.getLogger(__name__)

Act = Callable[[Conversation, Cause, Lab, ContainerSummary], Awaitable[None]]
QUESTIONS = frozenset({"pick", "remove", "clear"})
"""Buttons that only change what the card shows."""


class ContainersDesk:
    """`show` for /ps and Refresh, `tap` for the buttons."""

    def __init__(self, pages: PagesDesk) -> None:
        self._pages = pages
        self._acts: dict[str, Act] = {
            "logs": self._logs,
            "start": self._start,
            "stop": self._stop,
            "removed": self._remove,
            "open": self._open,
        }

    async def show(self, talk: Conversation, cause: Cause, *, chosen: str | None = None, note: str = "") -> None:
        """The card, in place of the tapped message or as a new one."""
        try:
            containers = await self._containers(talk)
        except DosirakError as error:
            return await self._refuse(talk, error)
        await talk.show(cause, cards.card(talk.words, containers, talk.kit.clock(), chosen=chosen, note=note))

    async def _containers(self, talk: Conversation) -> tuple[ContainerSummary, ...]:
        """Who only looks needs no toolbox: a lab that rests goes on resting, and takes nobody's place."""
        record = await talk.kit.keeper.record(talk.scope)
        if record is None:
            return ()
        await talk.kit.keeper.used(talk.scope)
        return await talk.kit.keeper.containers(record.lab_id)

    async def refresh(self, talk: Conversation, cause: Cause) -> None:
        """The card as it is now."""
        await talk.answer(cause)
        await self.show(talk, cause)

    async def tap(self, talk: Conversation, cause: Cause, action: str, container_id: str) -> None:
        """One button of the card. What it does may take seconds: the tap is answered first."""
        await talk.answer(cause)
        try:
            if action in QUESTIONS:
                return await self._ask(talk, cause, action, container_id)
            lab = await talk.kit.keeper.existing(talk.scope, cause.person.id)
            await self._act(talk, cause, lab, action, container_id)
        except PortTaken:
            await self.show(talk, cause, chosen=container_id, note=talk.words("containers.port_taken"))
        except EngineNotFound:
            await self.show(talk, cause, note=talk.words("containers.gone"))
        except DosirakError as error:
            if refusal(error) == FULL:
                return await line_up(talk, cause, Wish.CARD, f"{action} {container_id}")
            await self._refuse(talk, error)

    async def _ask(self, talk: Conversation, cause: Cause, action: str, container_id: str) -> None:
        containers = await self._containers(talk)
        if not containers:
            await self.show(talk, cause)
        elif action == "clear":
            await talk.show(cause, cards.ask_remove_all(talk.words, len(containers)))
        elif action == "remove":
            await talk.show(cause, cards.ask_remove(talk.words, _found(containers, container_id)))
        else:
            await self.show(talk, cause, chosen=_found(containers, container_id).id)

    async def _act(self, talk: Conversation, cause: Cause, lab: Lab | None, action: str, container_id: str) -> None:
        containers = await lab.containers() if lab else ()
        if lab is None or not containers:
            await self.show(talk, cause)
        elif action == "cleared":
            count = await lab.remove_all()
            await self.show(talk, cause, note=talk.words("containers.removed_all", n=count))
        elif action in self._acts:
            await self._acts[action](talk, cause, lab, _found(containers, container_id))

    async def _start(self, talk: Conversation, cause: Cause, lab: Lab, container: ContainerSummary) -> None:
        await lab.start(container.id)
        await self.show(talk, cause, chosen=container.id, note=talk.words("containers.started"))

    async def _stop(self, talk: Conversation, cause: Cause, lab: Lab, container: ContainerSummary) -> None:
        await lab.stop(container.id)
        await self.show(talk, cause, chosen=container.id, note=talk.words("containers.stopped"))

    async def _remove(self, talk: Conversation, cause: Cause, lab: Lab, container: ContainerSummary) -> None:
        await lab.remove(container.id)
        await self.show(talk, cause, note=talk.words("containers.removed"))

    async def _open(self, talk: Conversation, cause: Cause, lab: Lab, container: ContainerSummary) -> None:
        if not container.runs:
            return await talk.say("containers.not_running")
        if not await self._pages.announce(talk, lab.id, container):
            await talk.say("containers.no_page")

    async def _logs(self, talk: Conversation, cause: Cause, lab: Lab, container: ContainerSummary) -> None:
        written = await lab.logs(container.id)
        if not written.strip():
            return await talk.post(Outgoing(talk.words.coded("containers.no_logs", {"name": container.name})))
        await talk.send(_logs(talk.words, container, written))

    async def _refuse(self, talk: Conversation, error: DosirakError) -> None:
        log.warning("the container card: %s", error)
        await talk.say(refusal(error))


def _found(containers: Iterable[ContainerSummary], container_id: str) -> ContainerSummary:
    """The one that a button is about. Raises EngineNotFound."""
    container = next((one for one in containers if container_id and one.id.startswith(container_id)), None)
    if container is None:
        raise EngineNotFound("no such container")
    return container


def _logs(words: Words, container: ContainerSummary, written: bytes) -> Outgoing:
    """The end of a container's log, under the command that prints it."""
    text, _ = compose(
        f"docker container logs {container.name}",
        written.decode(errors="replace").splitlines(),
        above=lambda count: words("terminal.above", n=count),
        heading=words.coded("containers.logs_title", {"name": container.name}) + "\n",
    )
    return Outgoing(text)
