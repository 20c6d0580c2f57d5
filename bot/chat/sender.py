"""Sends, edits and removes messages. Each chat has its lane, so that one chat's limits never slow another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from telegram import Bot, InputFile, Message
from telegram.constants import ChatAction
from telegram.error import BadRequest, TelegramError

from bot.chat.lane import Lane
from bot.chat.message import Outgoing, Rows
from bot.chat.pace import TELEGRAM_PACE, Pace
from bot.chat.wire import entities, keyboard
from bot.identity import Scope

log = logging.getLogger(__name__)

Result = TypeVar("Result")

LANES_KEPT = 2000
"""Chats whose budget is remembered; one that was quiet while so many others spoke has its whole budget again."""


class Sender:
    """The one place that calls the Bot API's sending methods."""

    def __init__(self, bot: Bot, pace: Pace = TELEGRAM_PACE) -> None:
        self._bot = bot
        self.pace = pace
        self._lanes: dict[int, Lane] = {}
        self._newest: dict[Scope, int] = {}

    @property
    def username(self) -> str:
        """The bot's own, for links to it."""
        return self._bot.username

    def lane(self, scope: Scope) -> Lane:
        """The lane of a scope's chat; all topics of a group share one, as Telegram counts by chat."""
        lane = self._lanes.pop(scope.chat_id, None) or Lane(self.pace.allowance(scope))
        self._lanes[scope.chat_id] = lane
        if len(self._lanes) > LANES_KEPT:
            del self._lanes[next(iter(self._lanes))]
        return lane

    def newest(self, scope: Scope) -> int:
        """The number of the last message that was sent there; 0 when none is remembered."""
        return self._newest.get(scope, 0)

    def _sent(self, scope: Scope, message: Message) -> Message:
        self._newest.pop(scope, None)
        self._newest[scope] = message.message_id
        if len(self._newest) > LANES_KEPT:
            del self._newest[next(iter(self._newest))]
        return message

    async def send(self, scope: Scope, outgoing: Outgoing, *, preview: bool = False) -> int:
        """Send a message and give its id. Raises ChatGone, Undelivered."""
        message = await self._reply(
            scope, lambda thread: self.send_now(scope, outgoing, thread=thread, preview=preview)
        )
        return message.message_id

    async def send_now(self, scope: Scope, outgoing: Outgoing, *, thread: Any, preview: bool = False) -> Message:
        """One attempt without regard to the budget, for callers that keep it themselves."""
        message = await self._bot.send_message(
            scope.chat_id,
            outgoing.text.text,
            entities=entities(outgoing.text),
            reply_markup=keyboard(outgoing.rows),
            message_thread_id=thread,
            disable_web_page_preview=not preview,
        )
        return self._sent(scope, message)

    async def edit(self, scope: Scope, message_id: int, outgoing: Outgoing) -> bool:
        """Change a message; False when it is gone. Raises ChatGone, Undelivered."""
        lane = self.lane(scope)
        async with lane.reply():
            return await lane.deliver(lambda: self.edit_now(scope, message_id, outgoing), repeatable=True)

    async def edit_now(self, scope: Scope, message_id: int, outgoing: Outgoing) -> bool:
        """One attempt without regard to the budget; False when the message is gone, True also when nothing changed."""
        return await _unless_gone(
            self._bot.edit_message_text(
                outgoing.text.text,
                scope.chat_id,
                message_id,
                entities=entities(outgoing.text),
                reply_markup=keyboard(outgoing.rows),
                disable_web_page_preview=True,
            )
        )

    async def set_rows(self, scope: Scope, message_id: int, rows: Rows = ()) -> bool:
        """Change a message's buttons; False when it is gone."""
        lane = self.lane(scope)
        async with lane.reply():
            return await lane.deliver(
                lambda: _unless_gone(
                    self._bot.edit_message_reply_markup(scope.chat_id, message_id, reply_markup=keyboard(rows))
                ),
                repeatable=True,
            )

    async def photo(self, scope: Scope, picture: Path | bytes, caption: str = "", rows: Rows = ()) -> int:
        """Send a PNG and give the message's id."""
        content = await asyncio.to_thread(picture.read_bytes) if isinstance(picture, Path) else picture
        message = await self._reply(
            scope,
            lambda thread: self._bot.send_photo(
                scope.chat_id,
                InputFile(content, filename="picture.png"),
                caption=caption or None,
                reply_markup=keyboard(rows),
                message_thread_id=thread,
            ),
        )
        return message.message_id

    async def document(self, scope: Scope, name: str, content: bytes, caption: str = "") -> int:
        """Send a file and give the message's id."""
        message = await self._reply(
            scope,
            lambda thread: self._bot.send_document(
                scope.chat_id,
                InputFile(content, filename=name),
                caption=caption or None,
                message_thread_id=thread,
            ),
        )
        return message.message_id

    async def delete(self, scope: Scope, message_id: int) -> None:
        """Take a message away; one that is too old or gone stays as it is."""
        await _best_effort(self._bot.delete_message(scope.chat_id, message_id))

    async def typing(self, scope: Scope) -> None:
        """Show at once that something is being done; nobody misses it if it fails."""
        await _best_effort(self._bot.send_chat_action(scope.chat_id, ChatAction.TYPING, scope.topic_id))

    async def answer(self, query_id: str, text: str = "") -> None:
        """End a button's waiting, with a short word on top of the screen. An old tap has nobody waiting."""
        await _best_effort(self._bot.answer_callback_query(query_id, text or None))

    async def _reply(self, scope: Scope, call: Callable[[Any], Awaitable[Message]]) -> Message:
        return self._sent(scope, await self._in_turn(scope, call))

    async def _in_turn(self, scope: Scope, call: Callable[[Any], Awaitable[Message]]) -> Message:
        lane = self.lane(scope)
        async with lane.reply():
            try:
                return await lane.deliver(lambda: call(scope.topic_id), repeatable=False)
            except BadRequest as error:
                if scope.topic_id is None or "thread not found" not in error.message:
                    raise
                return await lane.deliver(lambda: call(None), repeatable=False)


async def _unless_gone(edit: Awaitable[Any]) -> bool:
    try:
        await edit
    except BadRequest as error:
        if "not modified" in error.message:
            return True
        if "not found" in error.message or "can't be edited" in error.message:
            return False
        raise
    return True


async def _best_effort(call: Awaitable[Any]) -> None:
    try:
        await call
    except TelegramError as error:
        log.debug("not essential, and not done: %s", type(error).__name__)
