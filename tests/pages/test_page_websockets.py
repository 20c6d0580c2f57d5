"""WebSockets through a page."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from bot.pages import Page
from bot.pages.slots import LIMIT, WEBSOCKETS
from tests.pages.house import House


async def echo(request: web.Request) -> web.StreamResponse:
    """Echoes messages; "leave" makes it close with a code of its own; the subprotocol it likes is "two"."""
    if "Upgrade" not in request.headers:
        return web.Response(text="plain")
    if request.path == "/refuse":
        return web.Response(status=403)
    socket = web.WebSocketResponse(protocols=("two",))
    await socket.prepare(request)
    async for message in socket:
        if message.data == "leave":
            await socket.close(code=4321, message=b"as you wish")
        elif message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        else:
            await socket.send_bytes(message.data)
    return socket


def connect(house: House, page: Page, path: str = "/", **options: Any) -> Any:
    return house.session.ws_connect(house.url + path, headers=house.host(page), **options)


async def test_messages_go_both_ways_as_they_are(house: House) -> None:
    """Text stays text, bytes stay bytes, order is kept, a large message is whole."""
    page = await house.page(echo)
    async with connect(house, page) as socket:
        await socket.send_str("안녕")
        await socket.send_bytes(b"\x00\xff")
        await socket.send_bytes(bytes(10**6))
        assert (await socket.receive()).data == "안녕"
        assert (await socket.receive()).data == b"\x00\xff"
        assert (await socket.receive()).data == bytes(10**6)


async def test_the_container_chooses_the_subprotocol(house: House) -> None:
    """The visitor offers, the container picks, the visitor learns it."""
    page = await house.page(echo)
    async with connect(house, page, protocols=("one", "two")) as socket:
        assert socket.protocol == "two"
    async with connect(house, page) as socket:
        assert socket.protocol is None


async def test_a_goodbye_reaches_the_other_side_with_its_words(house: House) -> None:
    """The container's close code and reason arrive at the visitor."""
    page = await house.page(echo)
    async with connect(house, page, autoclose=False) as socket:
        await socket.send_str("leave")
        message = await socket.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 4321, "as you wish")


async def test_a_visitors_goodbye_reaches_the_container(house: House) -> None:
    """The visitor's close code arrives at the container, and the slot is free again."""
    codes: list[int | None] = []
    told = asyncio.Event()

    async def listen(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        codes.append(socket.close_code)
        told.set()
        return socket

    page = await house.page(listen)
    async with connect(house, page) as socket:
        await socket.close(code=4001)
    async with asyncio.timeout(5):
        await told.wait()
    assert codes == [4001]


async def test_a_refused_handshake_keeps_its_status(house: House) -> None:
    """The container is asked first, so the visitor is never upgraded for nothing."""
    page = await house.page(echo)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await connect(house, page, "/refuse")
    assert refusal.value.status == 403


async def test_a_broken_handshake_is_refused(house: House) -> None:
    """Without a key there is no WebSocket."""
    page = await house.page(echo)
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    async with house.get(page, headers=headers) as answer:
        assert answer.status == 400


async def test_open_sockets_do_not_shut_the_page(house: House) -> None:
    """When WebSockets have taken their share, one more is told to wait, and plain requests go on."""
    page = await house.page(echo)
    assert WEBSOCKETS < LIMIT
    sockets = [await connect(house, page) for _ in range(WEBSOCKETS)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await connect(house, page)
    assert refusal.value.status == 503
    async with house.get(page) as answer:
        assert await answer.text() == "plain"
    for socket in sockets:
        await socket.close()
    async with connect(house, page) as socket:
        await socket.send_str("again")
        assert (await socket.receive()).data == "again"


async def test_a_socket_ends_with_its_page(house: House) -> None:
    """Closing the page cuts the WebSockets too."""
    page = await house.page(echo)
    async with connect(house, page) as socket:
        await house.pages.close(page.token)
        async with asyncio.timeout(5):
            assert (await socket.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR)


async def test_a_container_that_dies_ends_its_sockets(house: House) -> None:
    """A cut connection on one side is a goodbye on the other."""

    async def die(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        assert request.transport is not None
        request.transport.abort()
        return socket

    page = await house.page(die)
    async with connect(house, page) as socket:
        await socket.send_str("go")
        async with asyncio.timeout(5):
            message = await socket.receive()
        assert message.type is WSMsgType.CLOSE
