"""A program: `page_load PORT HOST PATH CONNECTIONS SECONDS` asks again and again; prints `Load` as JSON.

Each connection is kept and has one request under way, as a browser's. One thread, blocking nowhere but in `select`.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass

READ = 2**18


@dataclass(frozen=True, slots=True)
class Load:
    """How many answers came in how many seconds, and the waiting times (ms) that half and all but 1 % stayed under."""

    answers: int
    seconds: float
    half: float
    most: float

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


class Visitor:
    """One connection: the request, and how much of the answer is still to come."""

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._head = b""
        self._left = 0
        self._asked_at = 0.0

    def ask(self) -> None:
        self._head, self._left = b"", 0
        self._asked_at = time.perf_counter()
        self.socket.sendall(self._request)

    def read(self) -> float | None:
        """Seconds that the answer took, when it is whole. Raises ValueError for one that is not the file."""
        data = self.socket.recv(READ)
        if not data:
            raise ValueError("the server hung up")
        if self._left:
            self._left -= len(data)
        else:
            self._head += data
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return None
            self._left = length(head) - len(body)
        return None if self._left else time.perf_counter() - self._asked_at


def length(head: bytes) -> int:
    """The Content-Length of a good answer's head; raises ValueError for any other answer."""
    lines = head.lower().split(b"\r\n")
    found = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")]
    if b" 200" not in lines[0] or len(found) != 1:
        raise ValueError(f"not the file: {head.decode(errors='replace')}")
    return found[0]


def visit(port: int, request: bytes, connections: int, seconds: float) -> Load:
    times: list[float] = []
    with selectors.DefaultSelector() as selector:
        visitors = [Visitor(port, request) for _ in range(connections)]
        started = time.perf_counter()
        for visitor in visitors:
            selector.register(visitor.socket, selectors.EVENT_READ, visitor)
            visitor.ask()
        while time.perf_counter() - started < seconds:
            for key, _ in selector.select():
                if (took := key.data.read()) is not None:
                    times.append(took * 1000)
                    key.data.ask()
        lasted = time.perf_counter() - started
    for visitor in visitors:
        visitor.socket.close()
    times.sort()
    return Load(len(times), lasted, times[len(times) // 2], times[len(times) * 99 // 100])


def main(port: str, host: str, path: str, connections: str, seconds: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n".encode()
    print(json.dumps(asdict(visit(int(port), request, int(connections), float(seconds)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
