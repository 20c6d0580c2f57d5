"""Sends, edits and removes messages. Each chat has its lane, so that one chat's limits never slow another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.chat.botapi import BotApi, encoded
from bot.chat.lane import Lane
from bot.chat.message import Outgoing, Rows, Sendable, entities, keyboard
from bot.chat.pace import TELEGRAM_PACE, Pace
from bot.errors import ChatError
from bot.identity import Scope
from bot.richtext import RichText

log = logging.getLogger(__name__)

NOTHING = RichText()

DELETE_PAUSES = (0.5, 2.0)
"""Seconds before a deletion is tried again, twice: who waits for it is not kept longer."""

NO_PREVIEW = encoded(link_preview_options={"is_disabled": True})
Attempt = Callable[[int | None], Awaitable[Any]]
"""Sends something into this topic and gives the message as Telegram has it."""

DOUBTED = 8
"""Numbers that may be those of a message whose number was not learnt: what people wrote meanwhile has some of them."""
WITHDRAWN = Outgoing(RichText("🕘"))

LANES_KEPT = 4000
"""Chats whose budget is remembered; one that was quiet while so many others spoke has its whole budget again."""


class Sender:
    """The one place that calls the Bot API's sending methods."""

    def __init__(self, bot: Bot, api: BotApi, pace: Pace = TELEGRAM_PACE) -> None:
        self._bot = bot
        self._api = api
        self.pace = pace
        self._lanes: dict[int, Lane] = {}
        self._newest: dict[Scope, int] = {}
        self._pictures: dict[Path, str] = {}
        """Telegram's own name of each picture that it was sent once; a restarted bot sends it again."""

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

    def _sent(self, scope: Scope, message: Any) -> int:
        number: int = message["message_id"]
        self.lane(scope).own.append(number)
        self._newest.pop(scope, None)
        self._newest[scope] = number
        if len(self._newest) > LANES_KEPT:
            del self._newest[next(iter(self._newest))]
        return number

    async def send(self, scope: Scope, outgoing: Sendable) -> int:
        """Send a message and give its id. Raises ChatGone, Undelivered."""
        return self._sent(scope, await self._reply(scope, lambda topic: self._send(scope, outgoing, topic)))

    async def send_now(self, scope: Scope, outgoing: Sendable) -> int:
        """One attempt without regard to the budget, for callers that keep it themselves; gives the message's id."""
        return self._sent(scope, await self._send(scope, outgoing, scope.topic_id))

    def _send(self, scope: Scope, outgoing: Sendable, topic: int | None) -> Awaitable[Any]:
        where = encoded(chat_id=scope.chat_id, message_thread_id=topic)
        return self._api.call("sendMessage", where, outgoing.form, NO_PREVIEW)

    async def edit(self, scope: Scope, message_id: int, outgoing: Sendable) -> bool:
        """Change a message; False when it is gone. Raises ChatGone, Undelivered."""
        lane = self.lane(scope)
        async with lane.reply():
            return await lane.deliver(lambda: self.edit_now(scope, message_id, outgoing), repeatable=True)

    async def edit_now(self, scope: Scope, message_id: int, outgoing: Sendable) -> bool:
        """One attempt without regard to the budget; False when the message is gone, True also when nothing changed."""
        which = encoded(chat_id=scope.chat_id, message_id=message_id)
        return await _unless_gone(self._api.call("editMessageText", which, outgoing.form, NO_PREVIEW))

    async def set_rows(self, scope: Scope, message_id: int, rows: Rows = ()) -> bool:
        """Change a message's buttons; False when it is gone."""
        lane = self.lane(scope)
        form = encoded(chat_id=scope.chat_id, message_id=message_id, reply_markup=keyboard(rows))
        async with lane.reply():
            return await lane.deliver(
                lambda: _unless_gone(self._api.call("editMessageReplyMarkup", form)), repeatable=True
            )

    async def picture(self, scope: Scope, file: Path, caption: str = "") -> int:
        """Send a PNG that many people are sent, and give the message's id. Its bytes travel once."""
        if known := self._pictures.get(file):
            form = encoded(photo=known, caption=caption or None)
            try:
                return self._sent(scope, await self._reply(scope, lambda topic: self._known(scope, topic, form)))
            except BadRequest as error:
                if "file identifier" not in error.message:
                    raise
        content = await asyncio.to_thread(file.read_bytes)
        message = await self._file(scope, "photo", "picture.png", content, RichText(caption))
        # Telegram has a picture in several sizes, the largest last.
        self._pictures[file] = message["photo"][-1]["file_id"]
        return self._sent(scope, message)

    def _known(self, scope: Scope, topic: int | None, form: bytes) -> Awaitable[Any]:
        return self._api.call("sendPhoto", encoded(chat_id=scope.chat_id, message_thread_id=topic), form)

    async def photo(self, scope: Scope, content: bytes, caption: RichText = NOTHING, rows: Rows = ()) -> int:
        """Send a PNG and give the message's id."""
        return self._sent(scope, await self._file(scope, "photo", "picture.png", content, caption, rows))

    async def document(self, scope: Scope, name: str, content: bytes, caption: str = "") -> int:
        """Send a file and give the message's id."""
        return self._sent(scope, await self._file(scope, "document", name, content, RichText(caption)))

    async def _file(
        self, scope: Scope, kind: str, name: str, content: bytes, caption: RichText, rows: Rows = ()
    ) -> Any:
        said = {"caption": caption.text or None, "caption_entities": entities(caption)}
        fields = {"chat_id": scope.chat_id, **said, "reply_markup": keyboard(rows)}

        def upload(topic: int | None) -> Awaitable[Any]:
            method = f"send{kind.capitalize()}"
            return self._api.upload(method, kind, name, content, **fields, message_thread_id=topic)

        return await self._reply(scope, upload)

    async def delete(self, scope: Scope, message_id: int) -> None:
        """Take a message away; one that is too old or gone stays as it is.

        Tried again when Telegram failed: a screen or a question that stays behind has buttons that mislead.
        """
        form = encoded(chat_id=scope.chat_id, message_id=message_id)
        for pause in (*DELETE_PAUSES, None):
            try:
                await self._api.call("deleteMessage", form, aside=True)
                return
            except TelegramError as error:
                if pause is None or isinstance(error, BadRequest) or not isinstance(error, NetworkError):
                    return log.info("a message stays: %s", type(error).__name__)
                await asyncio.sleep(pause)

    async def withdraw(self, scope: Scope, after: int, before: int) -> None:
        """Take away a message of ours whose number was never learnt: it lies between these two, if it has arrived.

        Only our own messages can be edited, so what people wrote is safe; replies under way are waited for.
        """
        lane = self.lane(scope)
        async with lane.reply():
            for number in range(before - 1, max(after, before - 1 - DOUBTED), -1):
                if number not in lane.own and await self._is_ours(lane, scope, number):
                    await self.delete(scope, number)

    async def _is_ours(self, lane: Lane, scope: Scope, number: int) -> bool:
        try:
            return await lane.deliver(lambda: self.edit_now(scope, number, WITHDRAWN), repeatable=True)
        except (BadRequest, ChatError) as error:
            log.info("a message that may be left behind stays: %s", type(error).__name__)
            return False

    async def typing(self, scope: Scope) -> None:
        """Show at once that something is being done; nobody misses it if it fails."""
        await _best_effort(
            self._api.call(
                "sendChatAction",
                encoded(chat_id=scope.chat_id, message_thread_id=scope.topic_id, action=ChatAction.TYPING.value),
                aside=True,
            )
        )

    async def answer(self, query_id: str, text: str = "") -> None:
        """End a button's waiting, with a short word on top of the screen. An old tap has nobody waiting."""
        await _best_effort(
            self._api.call("answerCallbackQuery", encoded(callback_query_id=query_id, text=text or None), aside=True)
        )

    async def _reply(self, scope: Scope, attempt: Attempt) -> Any:
        """Send in the chat's turn; a topic that is gone does not swallow what was to be said."""
        lane = self.lane(scope)
        async with lane.reply():
            try:
                return await lane.deliver(lambda: attempt(scope.topic_id), repeatable=False)
            except BadRequest as error:
                if scope.topic_id is None or "thread not found" not in error.message:
                    raise
                return await lane.deliver(lambda: attempt(None), repeatable=False)


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
