"""The live connection: every change that concerns a person, as it happens, to each of their open pages."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from bot.localchat import pageshapes
from bot.localchat.conversation import Change, Conversation

MAX_WAITING = 1000
"""A page that reads so slowly is cut off; it connects again and reads the whole."""
HEARTBEAT_SECONDS = 20.0


class Live:
    """The open pages."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._pages: dict[int, tuple[int, asyncio.Queue[str | None]]] = {}
        self._next = 0
        conversation.watch(self._tell)

    def _tell(self, change: Change) -> None:
        ready: dict[int, str] = {}
        for key, (user_id, queue) in tuple(self._pages.items()):
            if not pageshapes.concerns(change, self._conversation, user_id):
                continue
            if user_id not in ready:
                ready[user_id] = _text(pageshapes.event(change, self._conversation, user_id))
            self._put(key, queue, ready[user_id])

    def _put(self, key: int, queue: asyncio.Queue[str | None], text: str) -> None:
        if queue.qsize() < MAX_WAITING:
            queue.put_nowait(text)
        else:
            self._pages.pop(key, None)
            queue.put_nowait(None)

    async def serve(self, request: web.Request, user_id: int) -> web.StreamResponse:
        """One page, until it leaves."""
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=4096)
        await socket.prepare(request)
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._next += 1
        key = self._next
        self._pages[key] = (user_id, queue)
        queue.put_nowait(_text({"type": "hello"}))
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_send(socket, queue), name="live page")
                async for message in socket:
                    if message.type in (WSMsgType.ERROR, WSMsgType.CLOSE):
                        break
                queue.put_nowait(None)
        finally:
            self._pages.pop(key, None)
        return socket

    def close(self) -> None:
        """Say goodbye to every page."""
        for _, queue in self._pages.values():
            queue.put_nowait(None)
        self._pages.clear()


async def _send(socket: web.WebSocketResponse, queue: asyncio.Queue[str | None]) -> None:
    """What the page is told; a page that has left is no error."""
    try:
        while (text := await queue.get()) is not None:
            await socket.send_str(text)
        await socket.close()
    except ConnectionResetError:
        return


def _text(shape: dict[str, Any]) -> str:
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":"))
