"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`, as python-telegram-bot calls them."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from typing import Any

from aiohttp import BodyPartReader, web

from bot.localchat.call import Call
from bot.localchat.desk import Desk
from bot.localchat.faults import Faults
from bot.localchat.methods import METHODS
from bot.localchat.refusals import OTHER_POLLER, Refused
from bot.localchat.values import File

log = logging.getLogger(__name__)

TOKEN_FORM = re.compile(r"\d+:[A-Za-z0-9_-]{20,}")
MAX_POLL_SECONDS = 50
"""Telegram's own ceiling for getUpdates."""
MAX_UPDATES = 100
MALFORMED = (AttributeError, KeyError, TypeError, ValueError)
"""What nested values of a wrong kind (a list in place of an object) end in: the caller's fault, so 400."""
HANG_SECONDS = 600
"""Longer than any client waits."""


class BotApi:
    """The handlers; `closing` ends what hangs when the server goes."""

    def __init__(self, desk: Desk, token: str, faults: Faults) -> None:
        self._desk = desk
        self._token = token
        self._faults = faults
        self.closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/bot{token}/{method}", self.call),
            web.get("/file/bot{token}/{path:.+}", self.file),
        ]

    async def call(self, request: web.Request) -> web.Response:
        """One method call: its result, or Telegram's way to say no."""
        try:
            self._check_token(request)
            call = await read_call(request, self._desk)
            return web.json_response({"ok": True, "result": await self._answer(call)})
        except Refused as refusal:
            return _refusal(refusal)
        except web.HTTPRequestEntityTooLarge:
            return _refusal(Refused("Request Entity Too Large", 413))

    def _check_token(self, request: web.Request) -> None:
        token = request.match_info["token"]
        if not TOKEN_FORM.fullmatch(token):
            raise Refused("Not Found", 404)
        if not secrets.compare_digest(token, self._token):
            raise Refused("Unauthorized", 401)

    async def _answer(self, call: Call) -> Any:
        fault = self._faults.take(call.method)
        if fault is None:
            return await self._perform(call)
        if fault.applied:
            await self._perform(call)
        if fault.status is None:
            await self._hang()
        raise fault.refusal()

    async def _perform(self, call: Call) -> Any:
        if call.method.lower() == "getupdates":
            return await self._get_updates(call)
        method = METHODS.get(call.method.lower())
        if method is None:
            raise Refused("Not Found", 404)
        try:
            return method(self._desk, call)
        except MALFORMED as error:
            log.warning("%s was called with values of a wrong kind", call.method, exc_info=error)
            raise Refused("can't parse the parameters") from error

    async def _hang(self) -> None:
        try:
            async with asyncio.timeout(HANG_SECONDS):
                await self.closing.wait()
        except TimeoutError:
            return

    async def _get_updates(self, call: Call) -> Any:
        updates = self._desk.updates
        allowed = call.value("allowed_updates")
        if isinstance(allowed, list):
            updates.allowed = frozenset(allowed) if allowed else None
        updates.confirm(call.number("offset") or 0)
        limit = min(max(call.number("limit") or MAX_UPDATES, 1), MAX_UPDATES)
        timeout = min(max(call.number("timeout") or 0, 0), MAX_POLL_SECONDS)
        found = await updates.poll(limit, timeout)
        if found is None:
            raise Refused(OTHER_POLLER, 409)
        return found

    async def file(self, request: web.Request) -> web.Response:
        """The bytes of a file that `getFile` named."""
        try:
            self._check_token(request)
        except Refused as refusal:
            return _refusal(refusal)
        file_id = request.match_info["path"].rpartition("/")[2]
        file = self._desk.conversation.file(file_id)
        content = await self._desk.files.read(file) if file is not None else None
        if content is None:
            return _refusal(Refused("Not Found", 404))
        return web.Response(body=content, content_type="application/octet-stream")


def _refusal(refusal: Refused) -> web.Response:
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after is not None else None
    return web.json_response(refusal.answer(), status=refusal.status, headers=headers)


async def read_call(request: web.Request, desk: Desk) -> Call:
    """Query string, form, JSON or multipart: one call."""
    method = request.match_info.get("method", "")
    parameters: dict[str, Any] = dict(request.query)
    uploads: dict[str, File] = {}
    if request.content_type == "application/json":
        parameters |= await _read_json(request)
    elif request.content_type == "multipart/form-data":
        await _read_parts(request, desk, parameters, uploads)
    elif request.can_read_body:
        parameters |= {name: str(value) for name, value in (await request.post()).items()}
    return Call(method, parameters, uploads)


async def _read_json(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    try:
        value = json.loads(text) if text else {}
    except json.JSONDecodeError:
        raise Refused("can't parse JSON encoded request") from None
    return value if isinstance(value, dict) else {}


async def _read_parts(request: web.Request, desk: Desk, parameters: dict[str, Any], uploads: dict[str, File]) -> None:
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        content = bytes(await part.read(decode=True))
        name = part.name or ""
        if part.filename is None:
            parameters[name] = content.decode(errors="replace")
        else:
            uploads[name] = await desk.files.save(part.filename, part.headers.get("Content-Type"), content)
