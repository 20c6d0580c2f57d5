"""The bot's side of the local chat for tests: raw Bot API calls, and what a refusal says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.localchat import LocalChat

LEARNER = 1001
GROUP = -1001000000001
FORUM = -1001000000002
TOPIC = 1


class Refused(Exception):
    """The server's way to say no."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.words: str = body["description"]
        self.retry_after = body.get("parameters", {}).get("retry_after")
        assert body["error_code"] == status and body["ok"] is False
        super().__init__(self.words)


@dataclass(frozen=True, slots=True)
class Served:
    """A running local chat and where it answers."""

    chat: LocalChat
    url: str

    async def bot(self, method: str, **parameters: Any) -> Any:
        """Call a Bot API method with a JSON body; the result, or Refused."""
        async with aiohttp.ClientSession() as http:
            async with http.post(f"{self.url}/bot{self.chat.token}/{method}", json=parameters) as response:
                return await result(response)

    async def updates(self, **parameters: Any) -> list[dict[str, Any]]:
        """What waits for the bot, confirmed by the next call's offset only."""
        found: list[dict[str, Any]] = await self.bot("getUpdates", **parameters)
        return found


async def result(response: aiohttp.ClientResponse) -> Any:
    body = await response.json()
    if response.status != 200:
        raise Refused(response.status, body)
    assert body["ok"] is True
    return body["result"]
