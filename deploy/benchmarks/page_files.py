"""A program: `page_files` is the web server behind the proxies; prints its port, then answers until it is stopped.

As bare as a server can be, so that a proxy's own time is what differs: `/small` is a page, anything else a file.
"""

from __future__ import annotations

import asyncio

SMALL = 381
"""Bytes; the lesson's web page has as many."""
LARGE = 2**20
_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n"


def _whole(kind: str, size: int) -> bytes:
    return _HEAD.format(kind, size).encode() + b"x" * size


ANSWERS = {True: _whole("text/html", SMALL), False: _whole("application/octet-stream", LARGE)}


class Files(asyncio.Protocol):
    """One connection; a request is whole when its empty line is there (none has a body)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while b"\r\n\r\n" in self._seen:
            head, _, self._seen = self._seen.partition(b"\r\n\r\n")
            self._transport.write(ANSWERS[head.startswith(b"GET /small ")])


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Files, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
