"""A WebSocket through the proxy: the container is asked first, then messages go both ways until either side closes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import ClientSession, ClientWebSocketResponse, WSCloseCode, WSMsgType, WSServerHandshakeError, web
from yarl import URL

from bot.pages.headers import without_websocket

LARGEST = 4 * 2**20
"""Bytes of one message; a message is held in memory as a whole."""
HEARTBEAT = 30.0
"""Seconds between pings to the visitor: a phone that went out of reach says no goodbye."""
CLOSE_SECONDS = 2.0
"""How long the other side may take to say goodbye too."""
# What may not be sent in a close frame (RFC 6455, section 7.4.1): it stands for "no code", "cut off", "no TLS".
_UNSENDABLE = frozenset({1005, 1006, 1015})

Pay = Callable[[int], Awaitable[None]]
"""Awaited with the size of each message that went through."""
_Socket = ClientWebSocketResponse[bool] | web.WebSocketResponse[bool]


class Refused(Exception):
    """The container answered the handshake with a status of its own."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


def is_websocket(request: web.BaseRequest) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


async def bridge(
    request: web.BaseRequest, session: ClientSession, url: URL, headers: Iterable[tuple[bytes, bytes]], pay: Pay
) -> web.WebSocketResponse[bool]:
    """Join the visitor's WebSocket and the container's, with the subprotocol that the container chose.

    Raises Refused when the visitor's handshake is wrong (400) or the container refuses it (its own status).
    """
    if not web.WebSocketResponse().can_prepare(request).ok:
        raise Refused(400)
    offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]
    try:
        # Not compressed: on the way to a container on this machine that would only cost time.
        container = await session.ws_connect(
            url,
            headers=without_websocket(headers),
            protocols=offered,
            autoclose=False,
            max_msg_size=LARGEST,
            heartbeat=HEARTBEAT,
            decode_text=False,
        )
    except WSServerHandshakeError as error:
        raise Refused(error.status if error.status >= 400 else 502) from error
    async with container:
        visitor = web.WebSocketResponse(
            protocols=[container.protocol] if container.protocol else (),
            autoclose=False,
            max_msg_size=LARGEST,
            heartbeat=HEARTBEAT,
            compress=False,
            decode_text=False,
            timeout=CLOSE_SECONDS,
        )
        await visitor.prepare(request)
        async with asyncio.TaskGroup() as both:
            there = both.create_task(_pump(visitor, container, pay))
            back = both.create_task(_pump(container, visitor, pay))
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            there.cancel()
            back.cancel()
    return visitor


async def _pump(source: _Socket, target: _Socket, pay: Pay) -> None:
    """Carry messages until `source` ends; then `target` ends with the same code and words."""
    try:
        while True:
            message = await source.receive()
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                await target.send_frame(message.data, message.type)
                await pay(len(message.data))
                continue
            if message.type is WSMsgType.CLOSE:
                code, words = _sendable(message.data), (message.extra or "").encode()
                await target.close(code=code, message=words)
                await source.close(code=code)
            elif message.type is not WSMsgType.CLOSING:
                await target.close(code=WSCloseCode.GOING_AWAY)
            return
    except ConnectionError:
        # The target is gone; its own side of the bridge says so to the source.
        await source.close(code=WSCloseCode.GOING_AWAY)


def _sendable(code: int | None) -> int:
    return WSCloseCode.OK if not code or code in _UNSENDABLE else code
