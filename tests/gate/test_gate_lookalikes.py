"""What is another lab's and what never was: the same words and the same work, so that no clock can tell them apart."""

from __future__ import annotations

import asyncio
import json
import random
import re
from typing import Any
from urllib.parse import unquote

import pytest

from tests.gate.support import B, FakeEngine, HandMadeLab, raw, status
from tests.guard.cases import Step
from tests.guard.lab import HIDDEN_IMAGE, IMAGE, THEIRS, WEB, container, image

NETWORK_OF_B, EXEC_OF_B = "b7" * 32, "e5" * 32
CREATE = b'{"Image":"diamol/base"}'


def whole(value: object, code: bytes = b"200 OK") -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (code, len(body), body)


@pytest.fixture(autouse=True)
def both_labs(lab: HandMadeLab, fake: FakeEngine) -> None:
    """An engine that lists B's objects too, as one would whose filters let them through."""
    theirs = {"dosirak.lab": B, "dosirak.role": "learner"}
    mine = lab.owner.labels()
    mark = {"Driver": "bridge", "Scope": "local", "Created": "2026", "IPAM": {"Config": []}, "Options": {}}
    fake.replies |= {
        b"GET /v1.41/containers/json": whole(
            [container(WEB, "web", lab=lab.owner.lab), container(THEIRS, "shop", lab=B)]
        ),
        b"GET /v1.41/networks?": whole(
            [
                {"Id": lab.owner.network, "Name": f"lab-{lab.owner.lab}", "Labels": mine, **mark},
                {"Id": NETWORK_OF_B, "Name": f"lab-{B}.back", "Labels": theirs, **mark},
            ]
        ),
        b"GET /v1.41/volumes?": whole({"Volumes": [{"Name": f"lab-{B}.data", "Labels": theirs, "Driver": "local"}]}),
        b"GET /v1.41/images/json": whole([image(IMAGE, "diamol/base:latest"), image(HIDDEN_IMAGE, "secret/b:latest")]),
        b"GET /v1.41/exec/" + EXEC_OF_B.encode(): whole({"ContainerID": THEIRS, "ProcessConfig": {"tty": False}}),
        b"GET /v1.41/exec/": whole({"message": "No such exec instance"}, b"404 Not Found"),
    }


CALLS = [
    ("GET", "containers/{}/json", None),
    ("GET", "containers/{}/logs?stdout=1", None),
    ("GET", "containers/{}/archive?path=/x", None),
    ("GET", "containers/{}/stats?stream=0", None),
    ("POST", "containers/{}/start", None),
    ("POST", "containers/{}/attach?stream=1", None),
    ("POST", "containers/{}/exec", {"Cmd": ["id"]}),
    ("POST", "containers/{}/update", {"RestartPolicy": {"Name": "no"}}),
    ("DELETE", "containers/{}?force=1", None),
    ("POST", "networks/bridge/connect", {"Container": "{}"}),
]
"""On containers, the reference in the path or in the body."""


async def told(lab: HandMadeLab, fake: FakeEngine, call: tuple[str, str, Any], name: str) -> tuple[int, str, list[str]]:
    """The status, the answer without the caller's own word, and what the engine was asked."""
    method, target, value = call
    body = None if value is None else json.dumps(value).replace("{}", name).encode()
    fake.seen.clear()
    answer = await raw(lab.socket, Step(method, f"/v1.41/{target.format(name)}", body, "application/json").raw)
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    lines = [word.sub("NAME", line) for line in answer.decode().split("\r\n") if not line.startswith("Content-Length")]
    return status(answer), "\n".join(lines), sorted(word.sub("NAME", unquote(line)) for line in fake.lines)


def strangers(real: str) -> str:
    """Hexadecimal digits as many as these, and the same in every run, that no object's id begins with."""
    return "9" + "".join(random.Random(real).choices("0123456789abcdef", k=len(real) - 1))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
async def test_another_labs_container_costs_and_says_what_a_missing_one_does(
    lab: HandMadeLab, fake: FakeEngine, call: tuple[str, str, Any]
) -> None:
    """Case F134: by every beginning of its id, and by its names."""
    names = [THEIRS[:end] for end in range(1, 65)]
    for real, other in [(name, strangers(name)) for name in names] + [
        ("shop", "shoq"),
        (f"lab-{B}.shop", f"lab-{B}.shoq"),
    ]:
        there, never = await told(lab, fake, call, real), await told(lab, fake, call, other)
        assert there == never and there[0] == 404, (real, there, never)


@pytest.mark.parametrize(
    ("call", "real"),
    [
        (("GET", "networks/{}", None), NETWORK_OF_B),
        (("DELETE", "networks/{}", None), f"lab-{B}.back"),
        (("POST", "networks/{}/connect", {"Container": "web"}), NETWORK_OF_B[:12]),
        (("GET", "volumes/{}", None), f"lab-{B}.data"),
        (("DELETE", "volumes/{}", None), "data"),
        (("GET", "exec/{}/json", None), EXEC_OF_B),
        (("POST", "exec/{}/start", {"Detach": True}), EXEC_OF_B),
        (("GET", "images/{}/json", None), HIDDEN_IMAGE.removeprefix("sha256:")),
        (("GET", "images/{}/history", None), HIDDEN_IMAGE[7:19]),
        (("DELETE", "images/{}", None), "secret/b"),
        (("POST", "containers/create", {"Image": "{}"}), "secret/b"),
    ],
    ids=lambda item: item[1] if isinstance(item, tuple) else "",
)
async def test_so_do_its_networks_volumes_execs_and_images(
    lab: HandMadeLab, fake: FakeEngine, call: tuple[str, str, Any], real: str
) -> None:
    """Case F136, with the clock of F134."""
    other = strangers(real) if set(real) <= set("0123456789abcdef") else real[:-1] + "q"
    there, never = await told(lab, fake, call, real), await told(lab, fake, call, other)
    assert there == never and there[0] == 404, (there, never)


async def test_a_name_that_moves_meanwhile_does_not_move_the_image(lab: HandMadeLab, fake: FakeEngine) -> None:
    """Case G152: the tag goes to another image as soon as the gate has looked; the engine gets the id it looked at."""
    lab.has("diamol/base")
    before, after = (
        whole([image(IMAGE, f"{first}:latest"), image(HIDDEN_IMAGE, f"{second}:latest")])
        for first, second in (("diamol/base", "other"), ("other", "diamol/base"))
    )
    looks, made = 0, b""

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal looks, made
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /v1.41/images/json"):
            looks += 1
            writer.write(before if looks == 1 else after)
        elif head.startswith(b"POST"):
            made = await reader.readuntil(b"}}")
            writer.write(whole({"Id": WEB}))
        else:
            found = next((value for start, value in fake.replies.items() if head.startswith(start)), whole({}))
            writer.write(found)
        writer.close()

    fake.path.unlink()
    server = await asyncio.start_unix_server(engine, fake.path)
    answer = await raw(lab.socket, Step("POST", "/v1.41/containers/create", CREATE, "application/json").raw)
    assert status(answer) == 200 and looks == 1
    assert (
        IMAGE.encode() in made
        and HIDDEN_IMAGE.encode() not in made
        and b'"diamol/base"' not in made.partition(b'"Labels"')[0]
    )
    server.close()
