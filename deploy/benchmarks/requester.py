"""A program: `requester PATH kept|new COUNT SOCKET…` asks the sockets in turns; prints each one's seconds as JSON."""

from __future__ import annotations

import http.client
import json
import socket
import sys
import time


class UnixConnection(http.client.HTTPConnection):
    """HTTP on a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("docker")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def ask(connection: UnixConnection, path: str, *, close: bool) -> float:
    """Seconds for one request; `close` ends the connection, and its making counts too the next time."""
    started = time.perf_counter()
    connection.request("GET", path)
    connection.getresponse().read()
    took = time.perf_counter() - started
    if close:
        connection.close()
    return took


def main(path: str, kind: str, count: str, *sockets: str) -> None:
    connections = [UnixConnection(name) for name in sockets]
    kept: list[list[float]] = [[] for _ in connections]
    for number in range(int(count) + 1):
        for connection, values in zip(connections, kept, strict=True):
            took = ask(connection, path, close=kind == "new")
            if number:  # the first pays for what later ones find ready
                values.append(took)
    print(json.dumps(kept))


if __name__ == "__main__":
    main(*sys.argv[1:])
