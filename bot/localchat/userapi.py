"""The user API: what the chat page and the end-to-end tests do in a person's name. JSON both ways, under `/api`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.localchat import pageshapes, people, shapes
from bot.localchat.botapi import MALFORMED, read_call
from bot.localchat.call import Call
from bot.localchat.desk import Desk
from bot.localchat.faults import Fault, Faults
from bot.localchat.limits import PHOTO_BYTES
from bot.localchat.live import Live
from bot.localchat.refusals import Refused
from bot.localchat.values import Media, User

PAGE_MESSAGES = 60
"""Read at once; scrolling up reads more."""
LANGUAGES = frozenset({"ko", "en"})
Act = Callable[[Call, User], Awaitable[Any]]


class UserApi:
    """The handlers; every call names its person as `user`."""

    def __init__(self, desk: Desk, live: Live, faults: Faults) -> None:
        self._desk = desk
        self._live = live
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        acts: dict[str, Act] = {
            "hello": self._hello,
            "messages": self._messages,
            "say": self._say,
            "edit": self._edit,
            "delete": self._delete,
            "press": self._press,
            "vote": self._vote,
            "inline": self._inline,
            "language": self._language,
            "join": self._join,
            "topic": self._topic,
            "upgrade": self._upgrade,
            "fault": self._fault,
        }
        routes = [web.post(f"/api/{name}", self._handler(act)) for name, act in acts.items()]
        return [*routes, web.get("/api/live", self._connect), web.get("/api/files/{id}", self._file)]

    def _handler(self, act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                call = await read_call(request, self._desk)
                return web.json_response(await act(call, self._person(call.number("user"))))
            except Refused as refusal:
                return web.json_response(refusal.answer(), status=refusal.status)
            except MALFORMED as error:
                return web.json_response(Refused(f"malformed: {error}").answer(), status=400)

        return handle

    def _person(self, user_id: int | None) -> User:
        """The person named, or the learner."""
        users = self._desk.conversation.users
        person = users.get(user_id) if user_id else next(user for user in users.values() if not user.is_bot)
        if person is None or person.is_bot:
            raise Refused("user not found")
        return person

    async def _hello(self, call: Call, person: User) -> Any:
        return pageshapes.hello(person, self._desk.conversation)

    async def _messages(self, call: Call, person: User) -> Any:
        """The last messages of a chat, or those before an id; of one topic if it is named (0: General)."""
        chat = people.chat_for(self._desk, person.id, _needed(call, "chat"))
        before, topic = call.number("before"), call.number("topic")
        found = [
            message
            for message in self._desk.conversation.messages(chat.id)
            if (before is None or message.id < before) and (topic is None or (message.topic_id or 0) == topic)
        ]
        limit = min(max(call.number("limit") or PAGE_MESSAGES, 1), self._desk.limits.history)
        shown = [pageshapes.message(message, self._desk.conversation, person.id) for message in found[-limit:]]
        return {"messages": shown, "more": len(found) > limit}

    async def _say(self, call: Call, person: User) -> Any:
        """Text; or a `photo` or `document` part with the text as caption; or a `sticker` (its emoji)."""
        message = people.says(
            self._desk,
            person.id,
            _needed(call, "chat"),
            call.text("text"),
            topic_id=call.number("topic") or None,
            reply_to=call.number("reply_to"),
            media=_media(call),
        )
        return pageshapes.message(message, self._desk.conversation, person.id)

    async def _edit(self, call: Call, person: User) -> Any:
        chat_id, message_id = _needed(call, "chat"), _needed(call, "message")
        message = people.edits(self._desk, person.id, chat_id, message_id, call.text("text"))
        return pageshapes.message(message, self._desk.conversation, person.id)

    async def _delete(self, call: Call, person: User) -> Any:
        people.deletes(self._desk, person.id, _needed(call, "chat"), _needed(call, "message"))
        return {"ok": True}

    async def _press(self, call: Call, person: User) -> Any:
        chat_id, message_id = _needed(call, "chat"), _needed(call, "message")
        query = people.presses(self._desk, person.id, chat_id, message_id, call.text("data"))
        return {"query": query.id, "seconds": self._desk.limits.callback_seconds}

    async def _vote(self, call: Call, person: User) -> Any:
        options = tuple(int(option) for option in call.value("options") or [])
        people.votes(self._desk, person.id, _needed(call, "chat"), _needed(call, "message"), options)
        return {"ok": True}

    async def _inline(self, call: Call, person: User) -> Any:
        """`@bot …` while writing; the cards come by the live connection, with the query's id."""
        return {"query": people.asks_inline(self._desk, person.id, call.text("text"))}

    async def _language(self, call: Call, person: User) -> Any:
        """The language that this person's client tells the bot."""
        language = call.text("language")
        if language not in LANGUAGES:
            raise Refused("unknown language")
        changed = replace(person, language_code=language)
        self._desk.conversation.set_user(changed)
        return shapes.user(changed)

    async def _join(self, call: Call, person: User) -> Any:
        return shapes.user(people.joins(self._desk, call.text("first_name", "Guest"), call.text("language", "ko")))

    async def _topic(self, call: Call, person: User) -> Any:
        topic = people.opens_topic(self._desk, person.id, _needed(call, "chat"), call.text("name"))
        return {"id": topic.id, "name": topic.name}

    async def _upgrade(self, call: Call, person: User) -> Any:
        """A group becomes a supergroup; its new id."""
        return {"id": people.upgrades(self._desk, person.id, _needed(call, "chat")).id}

    async def _fault(self, call: Call, person: User) -> Any:
        """Order faults: `method`, `status` (absent: hang), `times`, `applied`, `retry_after`; no method: forget all."""
        if not call.text("method"):
            self._faults.clear()
        else:
            times, wait = call.number("times") or 1, call.number("retry_after") or 1
            applied = call.flag("applied")
            self._faults.order(Fault(call.text("method"), call.number("status"), times, applied, wait))
        return {"ok": True}

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        try:
            person = self._person(int(request.query.get("user", "0")))
        except (Refused, ValueError):
            raise web.HTTPNotFound() from None
        return await self._live.serve(request, person.id)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """A file of a message. Pictures are shown; everything else is a download, never a page of this origin."""
        wanted = request.match_info["id"]
        file = self._desk.conversation.file(wanted)
        content = await self._desk.files.read(file) if file is not None else None
        if file is None or content is None:
            raise web.HTTPNotFound()
        response = web.Response(body=content, headers={"Cache-Control": "private, max-age=86400, immutable"})
        picture = file.width and file.mime in ("image/png", "image/jpeg", "image/gif")
        response.content_type = file.mime if picture else "application/octet-stream"
        if not picture:
            response.headers["Content-Disposition"] = "attachment"
        return response


def _needed(call: Call, name: str) -> int:
    number = call.number(name)
    if number is None:
        raise Refused(f"{name} is missing")
    return number


def _media(call: Call) -> Media | None:
    photo, document = call.uploads.get("photo"), call.uploads.get("document")
    if photo is not None and photo.width and photo.size <= PHOTO_BYTES:
        return Media("photo", photo)
    if photo is not None or document is not None:
        return Media("document", photo or document)
    return Media("sticker", emoji=call.text("sticker")) if call.text("sticker") else None
