"""What the guard may say about a call, as values.

Refuse    the client gets an error in Docker's shape; the engine is not called
Answer    the client gets this answer; the engine is not called
Forward   this newly built request goes to the engine, and its answer comes back as `reply` says
Several   these newly built requests go to the engine one after the other; `answer` makes the client's answer
Need      the guard must know more: the gate asks the engine these questions and decides again
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A request for the engine, built by the guard alone. `path` has no version; the gate always adds /v1.41."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    """A JSON value, or None for no body at all."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """A refusal with three faces: `code` for counting, `log_line` for the operator, `message` for the learner."""

    status: int
    code: str
    message: str

    @property
    def log_line(self) -> str:
        return f"refused {self.status} {self.code}"


class Refused(Exception):
    """Ends a decision from deep inside it; `decide` turns it into its `verdict`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.verdict = Refuse(status, code, message)
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer made here. `add` and `remove` change the lab's image shelf first."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


def answer_json(value: Any, status: int = 200, **shelf: tuple[str, ...]) -> Answer:
    """An answer with a JSON body, as the engine writes one."""
    return Answer(status, to_json(value) + b"\n", (("Content-Type", JSON_TYPE),), **shelf)


def to_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


View = Callable[[Any], Any]
"""Turns the engine's JSON value into the client's."""
LineView = Callable[[bytes], bytes | None]
"""Turns one line of the engine's stream into the client's (None: not for this client)."""


class Carry(Enum):
    """How the engine's answer travels."""

    WHOLE = auto()
    """Read to its end (bounded), viewed as JSON, written anew."""
    STREAM = auto()
    """Passed on as it comes, with back-pressure; the head at once."""
    HIJACK = auto()
    """After the engine's own 101: raw bytes both ways, half-close carried."""
    ARCHIVE = auto()
    """A tar archive out of the engine: the client gets it once the engine has said all of it."""
    UPLOAD = auto()
    """A tar archive into the engine, which gets it once the client has said all of it."""


def unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Reply:
    """What to do with the engine's answer."""

    carry: Carry = Carry.WHOLE
    view: View = unchanged
    lines: LineView | None = None
    counted: bool = False
    """Whether it takes one of the lab's streams, or counts as one for as long as it takes."""
    add: tuple[str, ...] = ()
    """Image references that are on the lab's shelf once the stream ended without an error line."""
    spoken: Callable[[str], bytes] | None = None
    """How a refusal of the gate's is said inside the raw stream; None: as an answer with its status, instead of it."""


@dataclass(frozen=True, slots=True)
class Forward:
    """One newly built request."""

    request: Upstream
    reply: Reply = field(default_factory=Reply)
    started: str | None = None
    """Full id of the container that runs once the engine says yes."""
    gone: str | None = None
    """Full id of the container that does not run any more once the engine says yes."""
    turn: bool = False
    """Whether it waits for a turn among all labs, as every start does: what it may cost the engine is not the lab's."""
    paced: bool = False
    """Whether it makes the engine walk a file system: a few at once, then one every few seconds."""
    stops_first: bool = False
    """Whether the engine waits for the container's end before it starts it."""
    still: bool = False
    """Whether nothing of the lab may run meanwhile, since the engine works on files that the lab's processes hold."""
    looks_up: bool = False
    """Whether the engine looks a user up in files that the container's own programs write, however large they are."""
    looks_up_later: bool = False
    """Whether it will do so for what this makes."""
    instead: tuple[Upstream, ...] = ()
    """Asked one after the other as long as the engine says that the bridge of the one before is taken."""
    called: tuple[str, str] | None = None
    """The container's full id and the learner's word for it: some of the engine's errors repeat that word."""


@dataclass(frozen=True, slots=True)
class Several:
    """Requests in a row; `answer` gets their statuses."""

    requests: tuple[Upstream, ...]
    answer: Callable[[tuple[int, ...]], Answer]
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Something to read on the engine (or, for `Shelf`, in the store)."""

    request: Upstream | None


@dataclass(frozen=True, slots=True)
class Need:
    """Facts that the decision misses."""

    questions: tuple[Question, ...]


Verdict = Refuse | Answer | Forward | Several | Need
Knowledge = Mapping[Question, Any]
"""Answers so far: parsed JSON, or None where the engine knows no such object."""
