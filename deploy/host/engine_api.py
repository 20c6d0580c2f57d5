"""The few questions that the host asks the engine itself, on its unix socket."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlencode

from deploy.host.faults import HostFault

VERSION = "/v1.41"
"""The oldest API that Dosirak supports: Debian 12's engine."""
LONG = 300.0
"""Seconds for an image to be built, pushed or loaded on a slow disk."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(
    socket_path: Path,
    method: str,
    path: str,
    *,
    body: bytes | IO[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    into: IO[bytes] | None = None,
    timeout: float = 10.0,
) -> tuple[int, Any]:
    """One request to the engine: status and body (JSON where it is JSON; copied to `into` when that is given).

    Raises OSError when nobody answers.
    """
    connection = _UnixConnection(socket_path, timeout)
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        if into is not None and response.status == 200:
            shutil.copyfileobj(response, into, 1 << 20)
            return response.status, None
        text = response.read().decode(errors="replace")
    except http.client.HTTPException as error:
        raise ConnectionError(f"no HTTP from {socket_path}: {error}") from error
    finally:
        connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    try:
        return response.status, json.loads(text) if is_json else text
    except ValueError:
        return response.status, text  # a stream of JSON lines


def answers(socket_path: Path) -> bool:
    """Whether an engine answers at this socket."""
    try:
        return ask(socket_path, "GET", "/_ping", timeout=2.0)[0] == 200
    except OSError:
        return False


class Images:
    """What the host does with images: build, push, load, save, remove. Failures are HostFaults."""

    def __init__(self, socket_path: Path) -> None:
        self._socket = socket_path

    def has(self, reference: str) -> bool:
        return bool(ask(self._socket, "GET", f"{VERSION}/images/{quote(reference)}/json")[0] == 200)

    def build(self, reference: str, context: Path) -> None:
        """Build from a context (a tar file). `version=1` is the classic builder: it needs nothing that is not there."""
        query = urlencode({"t": reference, "version": 1, "forcerm": 1, "networkmode": "none"})
        with context.open("rb") as tar:
            self._stream(f"build {reference}", "POST", f"/build?{query}", tar, {"Content-Type": "application/x-tar"})

    def push(self, reference: str, registry: str) -> None:
        """Push to the engine's own registry; the engine keeps no tag of that."""
        there = f"{registry}/{reference}"
        name, _, tag = there.rpartition(":")
        query = urlencode({"repo": name, "tag": tag})
        self._stream(f"tag {there}", "POST", f"/images/{quote(reference)}/tag?{query}")
        self._stream(
            f"push {there}", "POST", f"/images/{quote(name)}/push?tag={tag}", None, {"X-Registry-Auth": "e30="}
        )
        self.remove(there)

    def load(self, archive: Path) -> None:
        with archive.open("rb") as tar:
            self._stream(
                f"load {archive.name}", "POST", "/images/load?quiet=1", tar, {"Content-Type": "application/x-tar"}
            )

    def save(self, references: tuple[str, ...], archive: Path) -> None:
        query = urlencode([("names", reference) for reference in references])
        with archive.open("wb") as target:
            status, words = ask(self._socket, "GET", f"{VERSION}/images/get?{query}", into=target, timeout=LONG)
        if status != 200:
            raise HostFault(f"The engine could not save {', '.join(references)}: {words}")

    def remove(self, reference: str) -> None:
        """Remove the tag, and the image where no container uses it; what is not there is removed already."""
        ask(self._socket, "DELETE", f"{VERSION}/images/{quote(reference)}", timeout=LONG)

    def _stream(
        self,
        what: str,
        method: str,
        path: str,
        body: IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """A request that answers with a stream of JSON lines, in which an error may come after the status 200."""
        status, words = ask(self._socket, method, VERSION + path, body=body, headers=headers, timeout=LONG)
        if status >= 300 or '"errorDetail"' in str(words):
            raise HostFault(f"The engine could not {what}: {str(words).strip()[-500:]}")
