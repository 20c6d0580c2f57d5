"""One message that follows a command: sent, edited in place at Telegram's pace, its last frame always delivered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.chat.lane import UNCLEAR
from bot.chat.message import Outgoing
from bot.chat.sender import Sender
from bot.chat.transport import TooFast
from bot.identity import Scope
from bot.terminal.pacing import Pacing

log = logging.getLogger(__name__)

REFUSALS = 3
"""Frames that Telegram may call malformed before the message is given up: the next frame may well be fine."""


class Live:
    """Draws what `compose` gives whenever `changed` was called and the pace allows, until the final frame is there."""

    def __init__(
        self,
        sender: Sender,
        scope: Scope,
        compose: Callable[[], Outgoing],
        *,
        look_again: Callable[[], float | None] = lambda: None,
        posted: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        """`look_again`: when `compose` will give something else although nothing happens (event loop's time).

        `posted` is told the number of each new message, so that a restarted bot can find one that was left behind.
        """
        self.message_id: int | None = None
        self.unreachable = False
        """Nobody can be reached in the chat any more: the bot was blocked or removed."""
        self._sender = sender
        self._scope = scope
        self._compose = compose
        self._look_again = look_again
        self._posted = posted
        self._pacing = Pacing(sender.pace.tempo(scope), _now())
        self._wake = asyncio.Event()
        self._left: list[int] = []
        self._doubt: int | None = None
        """The newest message before a send that was never answered: it may stand below that, with an old frame."""
        self._moving = False
        self._resettled = False
        self._refused = 0
        self._looked: float | None = None

    def changed(self) -> None:
        """There is something new to show."""
        self._pacing.changed(_now())
        self._wake.set()

    def touched(self) -> None:
        """Somebody has pressed a key: what it does is to be seen soon, below what the bot said meanwhile."""
        self._pacing.touched(_now())
        if self.message_id is not None and self._sender.newest(self._scope) > self.message_id:
            self.move()

    def finish(self) -> None:
        """From now on `compose` gives the final frame."""
        self._pacing.finish(_now())
        self._wake.set()

    def move(self) -> None:
        """The talk has gone on below: the next frame goes into a new message there, and this one disappears."""
        self._moving = self.message_id is not None
        self.changed()

    def resettle(self, scope: Scope) -> None:
        """The chat has another id from now on, and its old messages cannot be edited there."""
        self._scope = scope
        self.message_id = self._doubt = None
        self._left.clear()
        self._resettled = True
        self.changed()

    async def follow(self) -> None:
        """Returns when the final frame is delivered, or nobody can be reached."""
        while not self._pacing.over:
            pause = self._pause()
            if pause is None or pause > 0:
                await self._sleep(pause)
                continue
            await self._draw()

    def _pause(self) -> float | None:
        """Seconds until a frame may be drawn; None: until something happens."""
        look = self._next_look()
        due = self._pacing.due_at()
        if due is None:
            return look
        wait = max(0.0, due - _now(), self._sender.lane(self._scope).ready_in(redraw=self._is_redraw))
        return wait if look is None else min(wait, look)

    @property
    def _is_redraw(self) -> bool:
        """Whether a frame may wait until there is plenty: not the first and the last, which answer somebody."""
        return not self._pacing.finishing and self.message_id is not None and not self._moving

    def _next_look(self) -> float | None:
        """Seconds until the frame changes by itself; when that time has come, it is noted once."""
        look = self._look_again()
        if look is None or look == self._looked:
            return None
        if look > _now():
            return look - _now()
        self._looked = look
        self._pacing.changed(_now())
        return None

    async def _sleep(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _draw(self) -> None:
        """One frame, if it differs from what is shown. No await between the budget's look and its count."""
        if self._resettled:
            self._resettled = False
            self._pacing.replaced(_now())
        if self._moving:
            self._leave()
        frame = self._compose()
        if not self._pacing.start(frame, _now()):
            return
        self._sender.lane(self._scope).take(redraw=self._is_redraw)
        try:
            await self._put(frame)
        except TooFast as error:
            self._sender.lane(self._scope).hold(error.seconds)
            self._pacing.held(_now(), error.seconds)
        except ChatMigrated as error:
            self.resettle(Scope(error.new_chat_id, self._scope.topic_id))
            self._pacing.failed(_now())
        except Forbidden:
            self.unreachable = True
            self._pacing.abandon()
        except BadRequest as error:
            self._refuse(error)
        except TelegramError:
            self._pacing.failed(_now())

    def _leave(self) -> None:
        self._moving = False
        if self.message_id is not None:
            self._left.append(self.message_id)
            self.message_id = None
            self._pacing.replaced(_now())

    async def _put(self, frame: Outgoing) -> None:
        if self.message_id is None:
            await self._post(frame)
        elif not await self._sender.edit_now(self._scope, self.message_id, frame):
            self.message_id = None
            self._pacing.replaced(_now())
            return
        self._pacing.delivered(_now())
        self._refused = 0
        while self._left:
            await self._sender.delete(self._scope, self._left.pop())
        doubt, self._doubt = self._doubt, None
        if doubt and self.message_id is not None:
            await self._sender.withdraw(self._scope, doubt, self.message_id)

    async def _post(self, frame: Outgoing) -> None:
        """A new message. When the answer to one is lost, another is sent: a command's end has to be seen."""
        before = self._sender.newest(self._scope)
        try:
            self.message_id = await self._sender.send_now(self._scope, frame)
        except UNCLEAR:
            self._doubt = before if self._doubt is None else self._doubt
            raise
        if self._posted is not None:
            await self._posted(self.message_id)

    def _refuse(self, error: BadRequest) -> None:
        log.warning("Telegram refuses a terminal frame: %s", error.message)
        self._refused += 1
        if self._refused < REFUSALS:
            self._pacing.failed(_now())
        else:
            self._pacing.abandon()


def _now() -> float:
    return asyncio.get_running_loop().time()
