"""A program: `flood KIND SOCKET_FD LEARNERS WARM SECONDS` is a Bot API server with many busy learners.

KIND is `echo` (each says something and wants one message back) or `taps` (each taps Next and wants the tap answered and
the next step sent). Learners act as soon as they are free, but only so many acts are under way at a time. When
everybody's first act is answered (the bot knows them all then) it warms up, says so by a line, counts for some seconds,
and prints the acts answered in each second as a line of JSON. From then on nobody acts, but the bot is still answered,
so that it can end in order, until the server is ended.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web

from deploy.benchmarks.flood_learners import Learner, talkers, tappers

UNDER_WAY = 250
"""Acts that wait for their answer: fewer than the bot takes in hand, so that none of them only waits in line."""
BATCH = 100
"""What one getUpdates gives at most (Bot API), and gives whenever a bot has more to do than it can."""
POLL_SECONDS = 0.2
"""How long a poll is held when nobody acts any more."""
BOT = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
CHAT = re.compile(rb'name="chat_id"\r\n(?:[^\r\n]+\r\n)*\r\n(\d+)')
"""The chat in a multipart body: nothing else of an upload matters here."""


class Flood:
    """The learners, what they have under way, and how many acts were answered when."""

    def __init__(self, learners: list[Learner]) -> None:
        self._learners = {learner.chat: learner for learner in learners}
        self._idle = deque(learners)
        self._under_way = 0
        self._free = asyncio.Event()
        self._free.set()
        self._number = 0
        self._counted = False
        self._unknown = set(self._learners)
        self.answered: list[float] = []
        self.all_known = asyncio.Event()

    async def get_updates(self) -> list[dict[str, Any]]:
        await self._free.wait()
        if self._counted:
            await asyncio.sleep(POLL_SECONDS)
            return []
        self._under_way += BATCH
        updates = [self._update(self._idle.popleft()) for _ in range(BATCH)]
        self._look()
        return updates

    def _update(self, learner: Learner) -> dict[str, Any]:
        self._number += 1
        return {"update_id": self._number, **learner.act(str(self._number))}

    def seen(self, learner: Learner, *, over: bool) -> None:
        """Something came for a learner; `over` when its act is answered."""
        if not over:
            return
        self._under_way -= 1
        self._idle.append(learner)
        self.answered.append(time.perf_counter())
        self._unknown.discard(learner.chat)
        if not self._unknown:
            self.all_known.set()
        self._look()

    def end(self) -> None:
        """From now on nobody acts."""
        self._counted = True
        self._free.set()

    def _look(self) -> None:
        room = self._counted or (self._under_way + BATCH <= UNDER_WAY and len(self._idle) >= BATCH)
        (self._free.set if room else self._free.clear)()

    def learner(self, chat: int) -> Learner:
        return self._learners[chat]

    async def call(self, request: web.Request) -> web.Response:
        """Any method, answered as far as the bots look at the answer."""
        method, body = request.match_info["method"].lower(), await request.read()
        match method:
            case "getme":
                return _result(BOT)
            case "getupdates":
                return _result(await self.get_updates())
            case "answercallbackquery":
                learner = self.learner(Learner.chat_of(_field(body, "callback_query_id")))
                self.seen(learner, over=learner.tap_answered())
                return _result(True)
            case "sendmessage":
                chat, markup = int(_field(body, "chat_id")), _field(body, "reply_markup")
                learner = self.learner(chat)
                self.seen(learner, over=learner.message_came(markup))
                return _result(_message(chat))
            case "sendphoto":
                found = CHAT.search(body)
                return _result(_message(int(found[1] if found else _field(body, "chat_id"))) | {"photo": PHOTO})
        return _result(True)


PHOTO = [{"file_id": "photo", "file_unique_id": "unique", "width": 800, "height": 500, "file_size": 60000}]


def _result(value: Any) -> web.Response:
    return web.Response(body=json.dumps({"ok": True, "result": value}), content_type="application/json")


def _message(chat: int) -> dict[str, Any]:
    return {"message_id": 7, "date": 1_800_000_000, "chat": {"id": chat, "type": "private"}, "from": BOT, "text": "-"}


def _field(body: bytes, name: str) -> str:
    """One field of a form. Nobody reads the others: a message's text would take longer than all the bot does for it."""
    start = f"{name}=".encode()
    found = next((pair for pair in body.split(b"&") if pair.startswith(start)), start)
    return unquote_plus(found[len(start) :].decode())


async def _serve(kind: str, listening: socket.socket, learners: int, warm: float, seconds: float) -> None:
    flood = Flood(talkers(learners) if kind == "echo" else tappers(learners))
    application = web.Application(client_max_size=2**24)
    application.router.add_route("*", "/bot{token}/{method}", flood.call)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    async with asyncio.timeout(60):
        await flood.all_known.wait()
    await asyncio.sleep(warm)
    flood.answered.clear()
    print(json.dumps("counting"), flush=True)
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    answered = tuple(flood.answered)
    flood.end()
    print(json.dumps(per_second(answered, started, int(seconds))), flush=True)
    await asyncio.Event().wait()


def per_second(moments: Sequence[float], started: float, seconds: int) -> list[int]:
    """How many moments fall into each second from `started` on."""
    counts = [0] * seconds
    for moment in moments:
        if 0 <= moment - started < seconds:
            counts[int(moment - started)] += 1
    return counts


def main(kind: str, descriptor: str, learners: str, warm: str, seconds: str) -> None:
    """Serves on a listening socket that it inherits, so that the bot finds it at once."""
    with socket.socket(fileno=int(descriptor)) as listening:
        asyncio.run(_serve(kind, listening, int(learners), float(warm), float(seconds)))


if __name__ == "__main__":
    main(*sys.argv[1:])
