"""The pages' benchmark: its server, its visitors, its rows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from deploy.benchmarks.page_files import LARGE, SMALL, Files
from deploy.benchmarks.page_load import Load, length, visit
from deploy.benchmarks.page_peer import installed
from deploy.benchmarks.pages import VISITS, Turn, Visit, rows_of


@pytest.mark.parametrize("one", VISITS)
async def test_visitors_count_whole_files_from_the_server(one: Visit) -> None:
    """Small ones and large ones, over one connection and many; each within the time that was measured."""
    server = await asyncio.get_running_loop().create_server(Files, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        request = f"GET {one.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        load = await asyncio.to_thread(visit, port, request, one.connections, 0.1)
    assert load.answers > 0 and load.rate == load.answers / load.seconds
    assert 0 < load.half <= load.most <= load.seconds * 1000


async def test_the_server_answers_requests_that_come_in_pieces() -> None:
    """Nothing before the empty line, and two for two at once."""
    server = await asyncio.get_running_loop().create_server(Files, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET /small HTTP/1.1\r\nHo")
        await asyncio.sleep(0.01)
        writer.write(b"st: a\r\n\r\nGET /large HTTP/1.1\r\n\r\n")
        for size in (SMALL, LARGE):
            head = await reader.readuntil(b"\r\n\r\n")
            assert length(head.strip()) == size
            assert await reader.readexactly(size) == b"x" * size
        writer.close()


@pytest.mark.parametrize("head", [b"HTTP/1.1 429 Busy\r\nContent-Length: 3", b"HTTP/1.1 200 OK\r\nDate: today"])
def test_any_other_answer_ends_the_measurement(head: bytes) -> None:
    """A proxy that is fast at refusing is not fast."""
    with pytest.raises(ValueError, match="not the file"):
        length(head)


def test_rows_have_a_bound_only_where_there_is_something_to_hold_against() -> None:
    """Three rows for each visit with the other proxy; without it one that stands alone."""
    turns = [Turn(Load(100, 1.0, 1.0, 2.0), 0.1)] * 3
    with_peer = rows_of(VISITS[0], {"ours": turns, "peer": turns})
    assert [row.bound is not None for row in with_peer] == [True, False, False]
    assert not with_peer[0].over and with_peer[0].figure == 1
    [alone] = rows_of(VISITS[0], {"ours": turns})
    assert alone.figure == 100 and alone.baseline is None


async def test_without_npm_there_is_no_other_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is no failure."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await installed(tmp_path / "npm") is None
