"""The engine's errors, and sockets in other namespaces, without an engine."""

from __future__ import annotations

import inspect
import socket
from contextlib import suppress
from pathlib import Path

import docker.errors
import h11
import pytest
import requests

from bot.errors import EngineConflict, EngineError, EngineNotFound, EngineTimeout, EngineUnavailable
from bot.sandbox.answers import translated
from bot.sandbox.engine import Engine
from bot.sandbox.stream import hijack, objects

DOCKER_ERRORS = [
    found
    for _, found in inspect.getmembers(docker.errors, inspect.isclass)
    if issubclass(found, Exception) and found.__module__ == docker.errors.__name__
]


def made(kind: type[Exception]) -> Exception:
    """One of its kind, with as many words as it wants."""
    for count in range(1, 6):
        with suppress(TypeError):
            return kind(*["x"] * count)
    raise AssertionError(kind)


def answer(status: int) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    return response


@pytest.mark.parametrize("kind", DOCKER_ERRORS)
def test_every_error_of_docker_py_becomes_ours(kind: type[Exception]) -> None:
    """A new version of the library cannot bring one that gets through."""
    with pytest.raises(EngineError):
        with translated():
            raise made(kind)


@pytest.mark.parametrize(
    ("raised", "ours"),
    [
        (docker.errors.NotFound("x", answer(404), "No such container: x"), EngineNotFound),
        (docker.errors.APIError("x", answer(409), "taken"), EngineConflict),
        (docker.errors.APIError("x", answer(500), "oops"), EngineError),
        (requests.exceptions.ReadTimeout(), EngineTimeout),
        (requests.exceptions.ConnectionError(), EngineUnavailable),
        (ConnectionRefusedError(), EngineUnavailable),
        (h11.RemoteProtocolError("odd"), EngineError),
    ],
)
def test_the_kind_tells_what_to_do(raised: Exception, ours: type[EngineError]) -> None:
    """Missing, in conflict, late, away or simply refused."""
    with pytest.raises(EngineError) as caught:
        with translated():
            raise raised
    assert type(caught.value) is ours


async def test_no_engine_is_said_at_once(tmp_path: Path) -> None:
    """By docker-py's calls and by streams alike."""
    engine = Engine(tmp_path / "nobody.sock")
    with pytest.raises(EngineUnavailable):
        await engine.inspect("x")
    with pytest.raises(EngineUnavailable):
        await hijack(engine.socket_path, "/containers/x/attach")
    with pytest.raises(EngineUnavailable):
        await anext(objects(engine.socket_path, "/events"))
    await engine.close()


async def test_a_long_path_is_shortened(tmp_path: Path) -> None:
    """A Unix socket's address holds 107 bytes; a state folder may be deeper."""
    folder = tmp_path / ("d" * 120)
    folder.mkdir()
    engine = Engine(folder / "engine.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(engine.socket_path))
        listener.listen()
        assert (folder / "engine.sock").is_socket()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(engine.socket_path))
    await engine.close()
