"""The attack corpus as values: read strictly from `corpus/*.yaml`, one file for each section of the security model.

A case has a number (several entries may share one), a title, one expectation, and the calls that it is about:

refused    "403 cap-add": status and code (`says`: words of its message); the engine is asked for facts at most
answered   200: answered without the engine
sends      "POST /containers/create": what the engine gets, with `query` (exactly) and `body` (at least)
statuses   [400]: for raw bytes (`head` and `body`, `bytes`, or `chunked` bodies); `engine`: what it sees, facts apart

`$A1`, `${B1:12}` are the world's names (its first 12 digits), `$(x*300)` is x three hundred times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CORPUS = Path(__file__).parent / "corpus"
CREATE = '{"Image":"diamol/base"}'
"""A create that would be allowed, were it not for its framing: in `chunked`, `{}` stands for it and 2 for its size."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"

_NAME = re.compile(r"\$\{(\w+?)(?::(\d+))?\}|\$([A-Z][A-Z0-9]*)", re.ASCII)
_REPEAT = re.compile(r"\$\(((?:(?!\$\().)*?)\*(\d+)\)", re.DOTALL)
_MANY: dict[str, Any] = {
    "Labels": lambda n: {"Labels": {f"l{i}": "" for i in range(n)}},
    "Env": lambda n: {"Env": ["x=1"] * n},
    "ExposedPorts": lambda n: {"ExposedPorts": {f"{i}/tcp": {} for i in range(1, n + 1)}},
    "Healthcheck": lambda n: {"Healthcheck": {"Test": ["x"] * n}},
    "Volumes": lambda n: {"Volumes": {f"/v{i}": {} for i in range(n)}},
    "PortBindings": lambda n: {"HostConfig": {"PortBindings": {f"{i}/tcp": [] for i in range(1, n + 1)}}},
}
KEYS = {
    *("number", "title", "refused", "answered", "sends", "query", "body", "forced", "wire", "live", "requests"),
    *("creates", "bodies", "encoded", "many", "each_prefix", "cli", "statuses", "engine", "then", "head", "bytes"),
    *("chunked", "says"),
}


@dataclass(frozen=True)
class Step:
    """One call of a case. `body` None: none is sent."""

    method: str
    target: str
    body: bytes | None = None
    content_type: str = ""

    @property
    def raw(self) -> bytes:
        """The call as a client writes it."""
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: d", "Connection: close"]
        if self.body is not None:
            lines += [f"Content-Type: {self.content_type}"] if self.content_type else []
            lines += [f"Content-Length: {len(self.body)}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (self.body or b"")


@dataclass(frozen=True)
class Case:
    """One entry of the corpus; `raw` is the entry as it is written."""

    name: str
    section: str
    number: int
    raw: Mapping[str, Any]

    @property
    def refused(self) -> tuple[int, str] | None:
        status, _, code = str(self.raw.get("refused", "")).partition(" ")
        return (int(status), code) if status else None

    @property
    def live(self) -> bool:
        """Whether the real engine sees it: refusals and creates do by themselves, what changes the world does not."""
        by_itself = "sends" not in self.raw or "creates" in self.raw
        return bool(self.raw.get("live", by_itself))

    def steps(self, world: Mapping[str, str]) -> Iterator[Step]:
        for request in self.raw.get("requests", ()):
            for each in _prefixes(self.raw.get("each_prefix"), world):
                yield _request(request, {**world, "EACH": each})
        for body in (*self.raw.get("creates", ()), *(_MANY[k](n) for k, n in self.raw.get("many", {}).items())):
            yield _create(json.dumps(filled({"Image": "diamol/base"} | body, world)).encode())
        for text in self.raw.get("bodies", ()):
            yield _create(filled(text, world).encode("utf-8", "surrogatepass"))
        for item in self.raw.get("encoded", ()):
            yield _create(item["text"].encode(item["as"]))

    def wire(self, world: Mapping[str, str]) -> Iterator[bytes]:
        """The raw bytes of a case about framing."""
        if "bytes" in self.raw:
            yield filled(self.raw["bytes"], world).encode()
        if "head" in self.raw:
            head = "\r\n".join(filled(self.raw["head"], world)) + "\r\n\r\n"
            body = filled(self.raw.get("body", ""), {**world, "LENGTH": "$LENGTH"})
            yield (head.replace("$LENGTH", str(len(body.encode()))) + body).encode()
        for chunks in self.raw.get("chunked", ()):
            head = "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
            body = chunks.replace("2", f"{len(CREATE):x}").replace("{}", CREATE)
            yield f"{head}Transfer-Encoding: chunked\r\n\r\n{body}".encode()


def _prefixes(name: str | None, world: Mapping[str, str]) -> list[str]:
    """Every beginning of an id that does not mean an object of the lab's own."""
    if name is None:
        return [""]
    whole = filled(name, world)
    own = tuple(world[key] for key in ("A1", "A2", "MOUNTED", "NA", "NA2") if key in world)
    return [whole[:end] for end in range(1, 65) if not any(identity.startswith(whole[:end]) for identity in own)]


def _request(request: Any, world: Mapping[str, str]) -> Step:
    item = {"call": request} if isinstance(request, str) else dict(request)
    method, _, target = filled(item.pop("call"), world).partition(" ")
    if "json" in item:
        return Step(method, target, json.dumps(filled(item["json"], world)).encode(), "application/json")
    return Step(method, target, item["text"].encode(), item["type"]) if "text" in item else Step(method, target)


def _create(body: bytes) -> Step:
    return Step("POST", "/v1.41/containers/create", body, "application/json")


def filled(value: Any, world: Mapping[str, str]) -> Any:
    """The value with the world's names and repetitions in it, keys included."""
    if isinstance(value, dict):
        return {filled(key, world): filled(item, world) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, world) for item in value]
    if not isinstance(value, str):
        return value
    text = _NAME.sub(lambda m: world.get(m[1] or m[3], m[0])[: int(m[2]) if m[2] else None], value)
    while _REPEAT.search(text):
        text = _REPEAT.sub(lambda m: m[1] * int(m[2]), text)
    return int(text) if value == "$MEMORY" else text


def read_corpus() -> tuple[Case, ...]:
    """Every case, in the order of the sections; raises ValueError for a key that means nothing."""
    cases: list[Case] = []
    for path in sorted(CORPUS.glob("?.yaml")):
        file = yaml.safe_load(path.read_text("utf-8"))
        counts: dict[int, int] = {}
        for entry in file["cases"]:
            if set(entry) - KEYS:
                raise ValueError(f"{path.name}: {entry['number']}: unknown {set(entry) - KEYS}")
            number = entry["number"]
            counts[number] = counts.get(number, 0) + 1
            name = f"{file['section']}{number}{LETTERS[counts[number] - 1]}"
            cases.append(Case(name, file["section"], number, entry))
    return tuple(cases)


def elsewhere() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Numbers and the named tests that show them; numbers that are not shown here, with their reason."""
    found = yaml.safe_load((CORPUS / "elsewhere.yaml").read_text("utf-8"))
    shown = {number: [tests] if isinstance(tests, str) else tests for number, tests in found["shown"].items()}
    return shown, found["not_here"] or {}
