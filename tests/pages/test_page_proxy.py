"""The reverse proxy over real HTTP: streaming, bounds, faults."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io

import aiohttp
import pytest
from aiohttp import web

from bot.pages import body, connection, slots
from bot.pages.route import Route
from bot.pages.slots import LIMIT, QUEUE, Slots
from tests.pages.house import House


async def echo(request: web.Request) -> web.Response:
    """What the container saw, as headers and body."""
    return web.Response(
        body=await request.read(),
        headers={"Saw-Method": request.method, "Saw-Target": request.raw_path, "Saw-Host": request.headers["Host"]},
    )


async def test_method_path_query_and_host_arrive_as_the_visitor_wrote_them(house: House) -> None:
    """No decoding and encoding on the way: what looks equal to us may not be equal to the program."""
    page = await house.page(echo)
    for target in ("/a%2Fb/../c?x=%20+&y", "//double", "/%ED%95%9C?q=a%26b", "/?", "/;p=1/@:"):
        reader, writer = await asyncio.open_connection(*house.address)
        writer.write(
            f"PROPFIND {target} HTTP/1.1\r\nHost: {page.token}.localhost:8080\r\nConnection: close\r\n\r\n".encode()
        )
        answer = (await reader.read()).decode()
        writer.close()
        assert f"Saw-Target: {target}\r\n" in answer
        assert "Saw-Method: PROPFIND\r\n" in answer
        assert f"Saw-Host: {page.token}.localhost:8080\r\n" in answer


async def test_headers_are_added_for_nobody(house: House) -> None:
    """The container sees no User-Agent, Accept, Accept-Encoding or Content-Type that the visitor did not send."""
    seen: list[set[str]] = []

    async def look(request: web.Request) -> web.Response:
        seen.append({name.lower() for name in request.headers})
        return web.Response()

    page = await house.page(look)
    reader, writer = await asyncio.open_connection(*house.address)
    writer.write(f"GET / HTTP/1.1\r\nHost: {page.token}.localhost\r\nConnection: close\r\n\r\n".encode())
    await reader.read()
    writer.close()
    assert seen == [{"host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}]


async def test_an_answer_streams_while_the_container_still_writes(house: House) -> None:
    """Each event of a stream arrives before the next one is made."""
    turn = asyncio.Semaphore(0)

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(3):
            await response.write(f"data: {number}\n\n".encode())
            await turn.acquire()
        return response

    page = await house.page(events)
    async with house.get(page) as answer:
        for number in range(3):
            assert await answer.content.readline() == f"data: {number}\n".encode()
            await answer.content.readline()
            turn.release()
        assert await answer.content.read() == b""


async def test_a_request_body_streams_while_the_visitor_still_writes(house: House) -> None:
    """The container reads the first part before the visitor has sent the last."""
    turn = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        first = await request.content.readline()
        turn.set()
        return web.Response(body=first + await request.read())

    async def give() -> object:
        yield b"first\n"
        await turn.wait()
        yield b"last\n"

    page = await house.page(take)
    async with house.get(page, method="POST", data=give()) as answer:
        assert await answer.read() == b"first\nlast\n"


async def test_large_bodies_go_both_ways_whole(house: House) -> None:
    """Megabytes up and down, with a length and without, byte for byte."""
    page = await house.page(echo)
    content = bytes(range(256)) * 32768

    async def pieces() -> object:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    for data in (io.BytesIO(content), pieces()):
        async with house.get(page, method="PUT", data=data) as answer:
            assert hashlib.sha256(await answer.read()).digest() == hashlib.sha256(content).digest()


@pytest.mark.parametrize("with_length", [True, False])
async def test_a_body_above_the_bound_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch, with_length: bool
) -> None:
    """With a length at once, without one when it is reached; the container never takes it for a whole body."""
    whole: list[int] = []

    async def take(request: web.Request) -> web.Response:
        whole.append(len(await request.read()))
        return web.Response()

    async def pieces() -> object:
        for _ in range(33):
            yield bytes(2**15)

    monkeypatch.setattr(body.Body.__init__, "__defaults__", (2**20,))
    page = await house.page(take)
    data = io.BytesIO(bytes(2**20 + 1)) if with_length else pieces()
    async with house.get(page, method="POST", data=data) as answer:
        assert answer.status == 413
    assert whole == []


async def test_a_compressed_answer_stays_compressed(house: House) -> None:
    """Content-Encoding and the bytes pass as they are, in both directions."""
    packed = gzip.compress(b"hello" * 100)

    async def serve(request: web.Request) -> web.Response:
        assert await request.read() == packed
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    page = await house.page(serve)
    async with house.get(page, method="POST", data=packed, headers={"Content-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert await answer.read() == packed


async def test_answers_without_a_body_pass(house: House) -> None:
    """HEAD keeps the length of what GET would give; 204 and 304 have none; redirects are the visitor's to follow."""

    async def serve(request: web.Request) -> web.Response:
        if request.path == "/moved":
            return web.Response(status=302, headers={"Location": "http://localhost:8088/there"})
        if request.path.strip("/").isdigit():
            return web.Response(status=int(request.path.strip("/")))
        return web.Response(body=b"12345")

    page = await house.page(serve)
    async with house.get(page, method="HEAD") as answer:
        assert (answer.status, answer.headers["Content-Length"], await answer.read()) == (200, "5", b"")
    for code in (204, 304):
        async with house.get(page, f"/{code}") as answer:
            assert (answer.status, await answer.read()) == (code, b"")
    async with house.get(page, "/moved", allow_redirects=False) as answer:
        assert answer.headers["Location"] == house.pages.url(page) + "there"


async def test_at_most_eight_connections_enter_a_container_and_the_rest_wait(house: House) -> None:
    """Forty at once: all are answered, never more than the limit at the container, over two pages of it too."""
    inside, most = 0, 0

    async def count(request: web.Request) -> web.Response:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        return web.Response()

    first = await house.page(count)
    second = await house.pages.open(first.lab_id, "c1", "web", 8089, 80)

    async def one(number: int) -> int:
        async with house.get((first, second)[number % 2]) as answer:
            return int(answer.status)

    assert set(await asyncio.gather(*(one(number) for number in range(40)))) == {200}
    assert most == LIMIT


async def test_who_waits_too_long_is_told_that_it_is_busy(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue has an end in time; slots come back when the slow ones are done."""
    gate, full, inside = asyncio.Event(), asyncio.Event(), 0

    async def slow(request: web.Request) -> web.Response:
        nonlocal inside
        inside += 1
        if inside == LIMIT:
            full.set()
        await gate.wait()
        return web.Response()

    monkeypatch.setattr(Slots.__init__, "__defaults__", (LIMIT, QUEUE, 0.05))
    page = await house.page(slow)

    async def one() -> int:
        async with house.get(page) as answer:
            return int(answer.status)

    async with asyncio.TaskGroup() as group:
        held = [group.create_task(one()) for _ in range(LIMIT)]
        await full.wait()
        assert await one() == 503
        gate.set()
    assert {task.result() for task in held} == {200}
    assert await one() == 200


async def test_the_queue_is_bounded() -> None:
    """Who would stand behind a full queue is told at once."""
    full = Slots(limit=1, queue=2, patience=60)

    async def hold() -> None:
        await full.take()
        try:
            await asyncio.sleep(3600)
        finally:
            full.give_back()

    tasks = [asyncio.get_running_loop().create_task(hold()) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(slots.Busy):
        await full.take()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await full.take()


async def raw_container(house: House, answer: bytes) -> asyncio.Server:
    """A container that sends these bytes whatever it is asked, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    house.containers.addresses["c1"] = server.sockets[0].getsockname()
    return server


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200"])
async def test_a_container_that_talks_nonsense_gets_a_notice(house: House, answer: bytes) -> None:
    """Hanging up, another protocol, half a head: 502 and a sentence."""
    async with await raw_container(house, answer):
        page = await house.page()
        async with house.get(page) as got:
            assert got.status == 502


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
async def test_half_an_answer_is_not_taken_for_a_whole_one(house: House, answer: bytes) -> None:
    """When the container dies amid its answer, the visitor's connection breaks too; the next visitor is served."""
    async with await raw_container(house, answer):
        page = await house.page()
        with pytest.raises(aiohttp.ClientError):
            async with house.get(page) as got:
                await got.read()
    await house.container(echo)
    house.pages.container_started("c1")
    async with house.get(page) as got:
        assert got.status == 200


async def test_an_answer_without_a_length_ends_with_its_connection(house: House) -> None:
    """HTTP/1.0 programs say the end by hanging up: that is whole."""
    async with await raw_container(house, b"HTTP/1.0 200 OK\r\n\r\nold words"):
        page = await house.page()
        async with house.get(page) as got:
            assert (got.status, await got.read()) == (200, b"old words")


async def test_a_port_where_nothing_listens_is_starting_then_silent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just after its start a container is given time; later the visitor learns what may be wrong."""
    async with await raw_container(house, b""):
        pass
    page = await house.page()
    async with house.get(page, headers={"Accept": "text/html"}) as got:
        assert (got.status, got.headers["Retry-After"]) == (503, "2")
    monkeypatch.setattr(Route, "is_starting", False)
    async with house.get(page, headers={"Accept": "text/html"}) as got:
        assert got.status == 502
        assert "Retry-After" not in got.headers


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set up before the house: its proxy waits for a short time only."""
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.05)


async def test_a_container_that_never_answers_gets_a_notice(impatient: None, house: House) -> None:
    """The wait has an end: 504."""

    async def never(request: web.Request) -> web.Response:
        await asyncio.sleep(0.3)
        return web.Response()

    page = await house.page(never)
    async with house.get(page) as got:
        assert got.status == 504


async def test_a_visitor_who_leaves_frees_the_container(house: House) -> None:
    """Hanging up amid a stream ends it at the container with the next bytes, and its slot comes back."""
    ended = asyncio.Event()

    async def forever(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"tick\n")
                await asyncio.sleep(0.005)
        except ConnectionError:
            ended.set()
            raise

    page = await house.page(forever)
    for _ in range(LIMIT + 1):
        async with house.get(page) as got:
            await got.content.readline()
            got.close()
    async with asyncio.timeout(5):
        await ended.wait()


async def test_a_stream_ends_with_its_page(house: House) -> None:
    """Closing a page cuts those who still listen to it."""

    async def forever(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first\n")
        await asyncio.sleep(3600)
        return response

    page = await house.page(forever)
    async with house.get(page) as got:
        await got.content.readline()
        await house.pages.close(page.token)
        async with asyncio.timeout(5):
            with pytest.raises(aiohttp.ClientError):
                await got.content.read()


async def test_a_tunnel_is_not_made(house: House) -> None:
    """CONNECT asks for something that a page is not."""
    page = await house.page(echo)
    reader, writer = await asyncio.open_connection(*house.address)
    writer.write(f"CONNECT {page.token}.localhost:80 HTTP/1.1\r\nHost: {page.token}.localhost\r\n\r\n".encode())
    assert b" 501 " in await reader.readline()
    writer.close()


async def test_who_waits_for_leave_to_send_gets_it(house: House) -> None:
    """Expect: 100-continue (curl, with a large upload) is answered by us, and the body then arrives."""
    page = await house.page(echo)
    reader, writer = await asyncio.open_connection(*house.address)
    head = f"POST / HTTP/1.1\r\nHost: {page.token}.localhost\r\nConnection: close\r\nContent-Length: 4\r\n"
    writer.write(f"{head}Expect: 100-continue\r\n\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"body")
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nbody")
    writer.close()


async def test_a_kept_connection_that_died_is_replaced_unseen(house: House) -> None:
    """A container that closes idle connections: the next visitor meets no error, and a post is never sent twice."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        house.containers.addresses["c1"] = server.sockets[0].getsockname()
        page = await house.page()
        for _ in range(2):
            async with house.get(page) as got:
                assert (got.status, await got.read()) == (200, b"ok")
        assert len(seen) == 3
        async with house.get(page, method="DELETE") as got:
            assert got.status == 502
        assert len(seen) == 4


async def test_other_upgrades_are_not_offered_to_the_container(house: House) -> None:
    """Only WebSockets are bridged; a request that would rather speak HTTP/2 gets its HTTP/1.1 answer."""
    seen: list[set[str]] = []

    async def look(request: web.Request) -> web.Response:
        seen.append({name.lower() for name in request.headers})
        return web.Response(text="plain")

    page = await house.page(look)
    headers = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA"}
    async with house.get(page, headers=headers) as got:
        assert await got.text() == "plain"
    assert not seen[0] & {"upgrade", "http2-settings", "connection"}
