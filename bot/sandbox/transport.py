"""docker-py's way to a Unix socket, with two of its habits put right.

It keeps a connection pool for each URL and closes the 26th oldest, also when another thread is about to use it; and a
connection that fails is left to the garbage collector.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from docker.transport.unixconn import UnixHTTPAdapter, UnixHTTPConnection, UnixHTTPConnectionPool


class EngineAdapter(UnixHTTPAdapter):
    """One pool of at most `connections` kept connections to one engine."""

    def __init__(self, socket_path: Path, timeout: int, connections: int) -> None:
        super().__init__(f"http+unix://{socket_path}", timeout, max_pool_size=connections)
        self._pool = _Pool("http://localhost", str(socket_path), timeout, maxsize=connections)

    def get_connection(self, url: Any, proxies: Any = None) -> Any:
        return self._pool

    def close(self) -> None:
        super().close()
        self._pool.close()


class _Pool(UnixHTTPConnectionPool):
    def _new_conn(self) -> Any:
        timeout: Any = self.timeout  # Seconds, as given; types-docker has the type of the parent's.
        return _Connection(self.base_url, self.socket_path, timeout)


class _Connection(UnixHTTPConnection):
    def connect(self) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self.timeout)
        try:
            connection.connect(self.unix_socket)
        except BaseException:
            connection.close()
            raise
        self.sock = connection
