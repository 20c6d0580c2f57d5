"""Refusals that the CLI would not show.

Of an answer instead of a raw stream it prints the status alone: "unable to upgrade to tcp, received 429". So it gets
the stream, in which nothing is said, and that answer when it next asks about the same object: `attach` looks at the
container once more, `run` and `start -a` start it, `exec` wants its exit code. It asks from the same process, and no
other process is told.

Not for `/session` and `/grpc`, whose streams are another protocol's: `docker build`, which opens them, prints the
refusal of its `/build`. And not when a lab closes: its streams end, and so does the shell that shows them.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import deque

from bot.guard.call import Call
from bot.guard.verdict import Answer, answer_json
from bot.sandbox.gate.head import Head

REMEMBERED = 64
"""As many as a lab has connections."""
SECONDS = 60.0
"""The CLI asks at once, on a busy machine some seconds later."""
CLI = "Docker-Client/"
"""How its User-Agent begins. Other clients show the answer, so they get it."""
ENDED = answer_json({"StatusCode": 125, "Error": None})
"""For who waits for the end of what it will not be able to start: a CLI does not leave before."""

_CREDENTIALS = struct.Struct("3i")


class Owed:
    """One lab's, the last ones."""

    def __init__(self) -> None:
        self._answers: deque[tuple[tuple[int, str], float, Answer]] = deque(maxlen=REMEMBERED)

    def add(self, process: int, path: str, answer: Answer) -> None:
        self._answers.append(((process, path), time.monotonic() + SECONDS, answer))

    def due(self, process: int, call: Call) -> Answer | None:
        """What the process gets instead of what it calls for."""
        path, _, asked = call.path.rpartition("/")
        now = time.monotonic()
        owed = reversed(self._answers)
        due = next((answer for whom, until, answer in owed if whom == (process, path) and until > now), None)
        match call.method, asked:
            case ("GET", "json") | ("POST", "start"):
                return due
            case ("POST", "wait"):
                return due and ENDED
        return None


class Hearing:
    """What one connection's client hears of refusals."""

    def __init__(self, owed: Owed, writer: asyncio.StreamWriter) -> None:
        self._owed = owed
        self._process = _process(writer)
        self._path: str | None = None

    def begin(self, call: Call | None = None, head: Head | None = None) -> None:
        """The next request; what it is, once that is known."""
        self._path = None
        if call is None or head is None or not self._process or not head.wants_upgrade:
            return
        if head.headers.get("user-agent", "").startswith(CLI):
            match call.path.split("/"):
                case ["", "containers", _, "attach"] | ["", "exec", _, "start"]:
                    self._path = call.path.rpartition("/")[0]

    def keeps(self, answer: Answer) -> bool:
        """Whether the client is to hear of the answer later."""
        if self._path is None or answer.status < 400:
            return False
        self._owed.add(self._process, self._path, answer)
        return True

    def due(self, call: Call) -> Answer | None:
        return self._owed.due(self._process, call) if self._process else None


def _process(writer: asyncio.StreamWriter) -> int:
    """The id of the process that has connected; 0 when it has gone, or is in a place that cannot be seen from here."""
    try:
        client = writer.get_extra_info("socket")
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    except OSError:
        return 0
    return int(_CREDENTIALS.unpack(credentials)[0])
