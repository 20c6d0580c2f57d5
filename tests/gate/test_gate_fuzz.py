"""The gate's reading of heads and chunks against a second reader: where the two differ, ours must have refused."""

from __future__ import annotations

import asyncio
import http.client
import io
from http.server import BaseHTTPRequestHandler

import h11
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.gate.body import body_pieces
from bot.sandbox.gate.chunks import Chunks
from bot.sandbox.gate.faults import BadRequest, ConnectionOver
from bot.sandbox.gate.head import Head, read_head
from tests.guard.fuzzing import examples

LINES = (
    b"GET /v1.41/info HTTP/1.1",
    b"POST /containers/create HTTP/1.1",
    b"HEAD /_ping HTTP/1.0",
    b"GET http://x/ HTTP/1.1",
)
FIELDS = (
    *(b"Host: d", b"host:d", b"Content-Length: 2", b"Content-Length: 0", b"Content-Length:2,2", b"Content-Length: +2"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding: gzip, chunked"),
    *(b"Connection: close", b"Connection: Upgrade", b"Upgrade: tcp", b"X: y", b" folded", b"\tfolded", b"X\x00: y"),
)
ENDS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"\r\r\n", b"\x0b\r\n"])


class Second(BaseHTTPRequestHandler):
    """Python's own HTTP server, reading from bytes: a reader that forgives more than ours."""

    def __init__(self, data: bytes) -> None:
        self.rfile = io.BytesIO(data)
        self.failed = False
        self.raw_requestline = self.rfile.readline(65537)
        self.fine = self.parse_request() and not self.failed

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        self.failed = True


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """Lines of a head in any order and with any ends, and now and then a byte that was something else."""
    parts = [draw(st.sampled_from(LINES)) + draw(ENDS), b"Host: d\r\n"][: draw(st.integers(1, 8))]
    parts += [draw(st.sampled_from(FIELDS)) + draw(ENDS) for _ in range(draw(st.integers(0, 4)))]
    data = b"".join(parts) + b"\r\n"
    if not draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(data) - 1))
        data = data[:place] + draw(st.binary(max_size=2)) + data[place + 1 :]
    return data


@examples(600)
@given(heads())
def test_fuzz_a_head_that_is_taken_means_the_same_to_another_reader(data: bytes) -> None:
    """Method, target, and every header; the gate never sees the end of a head elsewhere than the other reader."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return
    raw = data[: end + 4]
    try:
        head = read_head(raw)
    except BadRequest as bad:
        assert 400 <= bad.status < 500
        return
    second = Second(raw)
    # The other reader makes one of several slashes at the beginning; ours finds no route for them.
    assert second.fine and second.command == head.method
    assert second.path.lstrip("/") == head.target.lstrip("/")
    assert {name.lower(): value.strip() for name, value in second.headers.items()} == dict(head.headers)
    assert second.rfile.read() == b"" and isinstance(second.headers, http.client.HTTPMessage)


CHUNKS = (
    b"2\r\n{}\r\n",
    b"02\r\n{}\r\n",
    b"2\n{}\n",
    b"0x2\r\n{}\r\n",
    b"+2\r\n{}\r\n",
    b"2 \r\n{}\r\n",
    b"2;a=b\r\n{}\r\n",
    b'A\r\n{"a":"bc"}\r\n',
    b"2\r\n{}",
    b"\r\n",
)
LASTS = (b"0\r\n\r\n", b"0\r\n\r\n", b"00\r\n\r\n", b"0\r\nHost: x\r\n\r\n", b"0\n\n", b"0\r\n", b"")


@examples(300)
@given(st.lists(st.sampled_from(CHUNKS), max_size=4), st.sampled_from(LASTS), st.lists(st.integers(1, 9), max_size=9))
def test_fuzz_chunks_that_are_taken_are_the_same_to_another_reader(
    parts: list[bytes], last: bytes, cuts: list[int]
) -> None:
    """The same body as h11 reads, however the bytes are cut; else a refusal or an end."""
    data = b"".join(parts) + last
    found = asyncio.run(_read(data, cuts))
    if found is not None:
        assert found == _as_h11_reads(data)


@examples(300)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.lists(st.integers(1, 9)), st.booleans())
def test_fuzz_the_engines_chunks_are_read_as_they_were_written(
    parts: list[bytes], cuts: list[int], whole: bool
) -> None:
    """However they arrive; the end is seen with its last byte's line, and nothing before it."""
    data = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + (b"0\r\n\r\n" if whole else b"")
    chunks, found, position = Chunks(), b"", 0
    for size in [*cuts, len(data)]:
        assert not chunks.over or position >= len(data) - 2
        found += b"".join(chunks.feed(data[position : position + size]))
        position += size
    assert found == b"".join(parts) and chunks.over == whole


async def _read(data: bytes, cuts: list[int]) -> bytes | None:
    reader = asyncio.StreamReader(limit=1024)
    position = 0
    for size in [*cuts, len(data)]:
        if data[position : position + size]:
            reader.feed_data(data[position : position + size])
        position += size
    reader.feed_eof()
    try:
        return b"".join([piece async for piece in body_pieces(reader, Head("POST", "/", {}, 0, True, True))])
    except (BadRequest, ConnectionOver):
        return None


def _as_h11_reads(data: bytes) -> bytes | None:
    machine = h11.Connection(h11.SERVER)
    machine.receive_data(b"POST / HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
    machine.next_event()
    body = b""
    while isinstance(event := machine.next_event(), h11.Data):
        body += event.data
    return body if isinstance(event, h11.EndOfMessage) else None
