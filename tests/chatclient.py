"""A person at the local chat, for tests that read as a conversation.

    async with Member(base_url) as learner:
        await learner.says("/start")
        await learner.presses("▶ 실행")
        await learner.sees("Hello from Chapter 2!")

`sees` looks at what the bot has written or changed since this person's last act, so the same words from before do not
count. Every failure shows the transcript.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import aiohttp

Found = TypeVar("Found")
PATIENCE = 10.0
"""Seconds that a person waits for the bot unless the test says otherwise."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it is now; `turn` counts the changes of the whole chat, newest highest."""

    shape: Mapping[str, Any]
    turn: int

    @property
    def id(self) -> int:
        return int(self.shape["message_id"])

    @property
    def sender(self) -> str:
        return str(self.shape["from"]["first_name"])

    @property
    def from_bot(self) -> bool:
        return bool(self.shape["from"]["is_bot"])

    @property
    def text(self) -> str:
        return str(self.shape.get("text") or self.shape.get("caption") or "")

    @property
    def buttons(self) -> tuple[Mapping[str, Any], ...]:
        rows = self.shape.get("reply_markup", {}).get("inline_keyboard", ())
        return tuple(button for row in rows for button in row)

    def button(self, label: str) -> Mapping[str, Any] | None:
        """The button with this label, or else the first whose label contains it."""
        exact = (button for button in self.buttons if button["text"] == label)
        return next(exact, next((button for button in self.buttons if label in button["text"]), None))

    def __str__(self) -> str:
        row = "  ".join(f"[{button['text']}]" for button in self.buttons)
        media = next((f"<{kind}> " for kind in ("photo", "document", "poll", "sticker") if kind in self.shape), "")
        return f"#{self.id} {self.sender}: {media}{self.text}" + (f"\n    {row}" if row else "")


@dataclass(frozen=True, slots=True)
class Toast:
    """The bot's answer to a pressed button."""

    text: str
    alert: bool


class Member:
    """One person in one chat (their private chat unless `chat` names another), connected like a page."""

    def __init__(self, base_url: str, user: int = 1001, *, chat: int | None = None, topic: int | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self.user = user
        self.chat = chat if chat is not None else user
        self.topic = topic
        self._messages: dict[int, Seen] = {}
        self._toasts: dict[str, Toast] = {}
        self._offers: dict[str, Mapping[str, Any]] = {}
        self._turn = 0
        self._acted = 0
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        jar = aiohttp.CookieJar(unsafe=True)
        self._http = aiohttp.ClientSession(self._base_url, cookie_jar=jar, headers={"Origin": self._base_url})
        async with self._http.get("/") as page:
            page.raise_for_status()
        self._socket = await self._http.ws_connect(f"/api/live?user={self.user}")
        self._reader = asyncio.get_running_loop().create_task(self._read(), name=f"member {self.user}")
        known = await self.call("messages", chat=self.chat, limit=500)
        for shape in known["messages"]:
            self._keep(shape)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._socket.close()
        await self._reader
        await self._http.close()

    async def call(self, act: str, **fields: Any) -> Any:
        """One call of the user API in this person's name; a refusal is a `Refusal`."""
        body = {"user": self.user} | {name: value for name, value in fields.items() if value is not None}
        async with self._http.post(f"/api/{act}", json=body) as response:
            return await _result(response)

    # --- acts

    async def says(self, text: str, *, reply_to: Seen | None = None) -> Seen:
        """Send a message."""
        self._acted = self._turn
        answered = reply_to.id if reply_to is not None else None
        shape = await self.call("say", chat=self.chat, topic=self.topic, text=text, reply_to=answered)
        return Seen(shape, self._turn)

    async def sends(self, kind: str, name: str, content: bytes, caption: str = "") -> Seen:
        """Send a `photo` or `document`."""
        self._acted = self._turn
        fields = {"user": str(self.user), "chat": str(self.chat), "topic": str(self.topic or ""), "text": caption}
        form = aiohttp.FormData(fields, quote_fields=False)
        form.add_field(kind, content, filename=name)
        async with self._http.post("/api/say", data=form) as response:
            return Seen(await _result(response), self._turn)

    async def sends_sticker(self, emoji: str) -> Seen:
        self._acted = self._turn
        return Seen(await self.call("say", chat=self.chat, topic=self.topic, sticker=emoji), self._turn)

    async def presses(self, label: str, *, on: Seen | None = None, timeout: float = PATIENCE) -> str:
        """Tap the newest button with this label (waiting for one), or that of the message `on`. The query's id."""
        message = on
        if message is None:
            message = await self._wait(lambda: self._newest(lambda seen: seen.button(label)), f"[{label}]", timeout)
        button = message.button(label)
        assert button is not None and "callback_data" in button, f"[{label}] is no button to press: {button}"
        self._acted = self._turn
        answer = await self.call("press", chat=self.chat, message=message.id, data=button["callback_data"])
        return str(answer["query"])

    async def asks_inline(self, text: str, *, timeout: float = PATIENCE) -> Mapping[str, Any]:
        """`@bot text` while writing: the bot's answer with its `results` and `button`."""
        query = str((await self.call("inline", text=text))["query"])
        return await self._wait(lambda: self._offers.get(query), f"cards for {text!r}", timeout)

    async def edits(self, message: Seen, text: str) -> None:
        self._acted = self._turn
        await self.call("edit", chat=self.chat, message=message.id, text=text)

    # --- senses

    async def sees(self, text: str, *, timeout: float = PATIENCE) -> Seen:
        """Wait for the bot to write `text` (anywhere in a message) after this person's last act."""
        return await self.sees_where(lambda seen: text in seen.text, repr(text), timeout=timeout)

    async def sees_where(self, fits: Callable[[Seen], object], what: str, *, timeout: float = PATIENCE) -> Seen:
        """Wait for a message of the bot that `fits`, new or changed after this person's last act."""
        return await self._wait(
            lambda: self._newest(lambda seen: seen.from_bot and seen.turn > self._acted and fits(seen)), what, timeout
        )

    async def sees_button(self, label: str, *, timeout: float = PATIENCE) -> Seen:
        """Wait for a button with this label, old or new."""
        return await self._wait(lambda: self._newest(lambda seen: seen.button(label)), f"[{label}]", timeout)

    async def sees_file(self, kind: str, *, timeout: float = PATIENCE) -> Seen:
        """Wait for a `photo` or `document` after this person's last act."""
        return await self.sees_where(lambda seen: kind in seen.shape, f"<{kind}>", timeout=timeout)

    async def sees_toast(self, query: str, *, timeout: float = PATIENCE) -> Toast:
        """Wait for the bot's answer to a pressed button."""
        return await self._wait(lambda: self._toasts.get(query), f"the answer to press {query}", timeout)

    def shows(self, text: str) -> bool:
        """Whether any message has `text` now."""
        return any(text in seen.text for seen in self.messages)

    def now(self, message: Seen) -> Seen | None:
        """The same message as it is now; None when it was deleted."""
        return self._messages.get(message.id)

    async def opens(self, file_id: str) -> bytes:
        """The bytes of a file in a message."""
        async with self._http.get(f"/api/files/{file_id}") as response:
            response.raise_for_status()
            return await response.read()

    @property
    def messages(self) -> tuple[Seen, ...]:
        return tuple(self._messages[message_id] for message_id in sorted(self._messages))

    @property
    def transcript(self) -> str:
        return "\n".join(str(seen) for seen in self.messages)

    # --- inside

    def _newest(self, fits: Callable[[Seen], object]) -> Seen | None:
        return next((seen for seen in reversed(self.messages) if fits(seen)), None)

    async def _wait(self, look: Callable[[], Found | None], what: str, timeout: float) -> Found:
        try:
            async with asyncio.timeout(timeout):
                async with self._changed:
                    while (found := look()) is None:
                        await self._changed.wait()
                    return found
        except TimeoutError:
            raise AssertionError(f"no {what} within {timeout} s\n{self.transcript}") from None

    async def _read(self) -> None:
        async for message in self._socket:
            async with self._changed:
                self._take(message.json())
                self._changed.notify_all()

    def _take(self, event: Mapping[str, Any]) -> None:
        if event["type"] in ("message", "edit"):
            self._keep(event["message"])
        elif event["type"] == "delete" and event["chat"] == self.chat:
            for message_id in event["messages"]:
                self._messages.pop(message_id, None)
        elif event["type"] == "inline":
            self._offers[event["query"]] = event
        elif event["type"] == "answer":
            self._toasts[event["query"]] = Toast(event["text"], event["alert"])

    def _keep(self, shape: Mapping[str, Any]) -> None:
        elsewhere = self.topic is not None and shape.get("message_thread_id") != self.topic
        if shape["chat"]["id"] != self.chat or elsewhere:
            return
        self._turn += 1
        self._messages[int(shape["message_id"])] = Seen(shape, self._turn)


class Refusal(AssertionError):
    """The local chat refused an act."""

    def __init__(self, status: int, words: str) -> None:
        self.status = status
        super().__init__(f"{status} {words}")


async def _result(response: aiohttp.ClientResponse) -> Any:
    if response.status != 200:
        raise Refusal(response.status, await response.text())
    return await response.json()
