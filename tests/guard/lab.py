"""A lab as the guard sees it: its owner, an engine's answers, and short ways to decide and to look at the verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from bot.guard import Owner, decide
from bot.guard import facts as ask
from bot.guard.call import read_call
from bot.guard.verdict import Forward, Question, Refuse, Refused, Verdict
from bot.identity import LabId

LAB, OTHER = LabId("a0a0a0a0a0"), LabId("b1b1b1b1b1")
NETWORK, OTHER_NETWORK = "a" * 64, "b" * 64
IMAGE, HIDDEN_IMAGE = "sha256:" + "1" * 64, "sha256:" + "2" * 64
WEB, DB, THEIRS, TOOLBOX = "c1" + "0" * 62, "c2" + "0" * 62, "d1" + "0" * 62, "e1" + "0" * 62
OWNER = Owner(LAB, NETWORK, f"/dosirak/{LAB}", frozenset({"diamol/base:latest", "diamol/web:latest"}))


def container(
    identity: str, name: str, *, lab: str = LAB, role: str = "learner", state: str = "running"
) -> dict[str, Any]:
    labels = {"dosirak.lab": lab, "dosirak.role": role, "dosirak.image": "diamol/base"}
    return {
        "Id": identity,
        "Names": [f"/lab-{lab}.{name}"],
        "Image": IMAGE,
        "ImageID": IMAGE,
        "Command": "sh",
        "Created": 1,
        "Ports": [],
        "Labels": labels,
        "State": state,
        "Status": "Up 1 second",
        "HostConfig": {"NetworkMode": NETWORK},
        "NetworkSettings": {"Networks": {f"lab-{lab}": {"NetworkID": NETWORK, "Aliases": [name]}}},
        "Mounts": [],
    }


def published(item: dict[str, Any], host: int) -> dict[str, Any]:
    ports = json.dumps([{"host": host, "container": 80, "protocol": "tcp"}])
    return item | {"Labels": item["Labels"] | {"dosirak.ports": ports}}


def network(identity: str, name: str, role: str) -> dict[str, Any]:
    return {
        "Id": identity,
        "Name": name,
        "Created": "2026-01-01T00:00:00Z",
        "Driver": "bridge",
        "Scope": "local",
        "IPAM": {"Driver": "default", "Options": None, "Config": []},
        "Labels": {"dosirak.lab": LAB, "dosirak.role": role},
        "Options": {},
    }


def image(identity: str, tag: str) -> dict[str, Any]:
    return {
        "Id": identity,
        "RepoTags": [tag],
        "RepoDigests": [f"{tag.partition(':')[0]}@sha256:{'9' * 64}"],
        "Created": 1,
        "Size": 5,
        "VirtualSize": 5,
        "Labels": None,
    }


class Answers(dict[Question, Any]):
    """What is written down; asked for one container, the whole list: a filter that did nothing would show."""

    def __contains__(self, question: object) -> bool:
        return super().__contains__(question) or (isinstance(question, Question) and _of_one(question))

    def __missing__(self, question: Question) -> Any:
        if not _of_one(question):
            raise KeyError(question)
        return self[ask.containers(OWNER)]


def _of_one(question: Question) -> bool:
    request = question.request
    return request is not None and request.path == "/containers/json" and '"id":' in dict(request.query)["filters"]


def knowledge(**changes: Any) -> Answers:
    """The engine's answers for a lab with `web` (running), `db` (exited) and one image on its shelf."""
    known: dict[str, Any] = {
        "containers": [
            container(WEB, "web"),
            container(DB, "db", state="exited"),
            container(TOOLBOX, "t", role="toolbox"),
        ],
        "networks": [network(NETWORK, f"lab-{LAB}", "network"), network("f" * 64, f"lab-{LAB}.back", "learner")],
        "volumes": [{"Name": f"lab-{LAB}.data", "Labels": OWNER.labels(), "Driver": "local", "Scope": "local"}],
        "shelf": frozenset({"diamol/base:latest"}),
        "images": [image(IMAGE, "diamol/base:latest"), image(HIDDEN_IMAGE, "secret/other:latest")],
        "detail": {
            "Config": {"Volumes": None, "ExposedPorts": {"80/tcp": {}}},
            "RootFS": {"Layers": ["sha256:" + "3" * 64]},
        },
    }
    known |= changes
    return Answers(
        {
            ask.containers(OWNER): known["containers"],
            ask.networks(OWNER): known["networks"],
            ask.volumes(OWNER): {"Volumes": known["volumes"]},
            ask.SHELF: known["shelf"],
            ask.IMAGES: known["images"],
            ask.image(IMAGE): known["detail"],
            ask.image(HIDDEN_IMAGE): known["detail"],
            ask.container(WEB): {"ExecIDs": known.get("execs")},
            ask.ENGINE: {"ServerVersion": "20.10.24"},
        }
        | known.get("more", {})
    )


def asked(
    method: str, target: str, body: Any = None, known: Mapping[Question, Any] | None = None, **query: str
) -> Verdict:
    """The verdict on a call; `body` is a JSON value or raw bytes."""
    if query:
        target += "?" + urlencode(query)
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    try:
        call = read_call(method, target, data, "application/json" if body is not None else "")
    except Refused as refused:
        return refused.verdict
    return decide(call, OWNER, knowledge() if known is None else known)


def forwarded(verdict: Verdict) -> Forward:
    assert isinstance(verdict, Forward), verdict
    return verdict


def refused(verdict: Verdict, code: str, status: int | None = None) -> Refuse:
    assert isinstance(verdict, Refuse), verdict
    assert verdict.code == code
    assert status is None or verdict.status == status
    return verdict


def created(body: dict[str, Any], known: Mapping[Question, Any] | None = None, **query: str) -> dict[str, Any]:
    """The rebuilt body of a create that is allowed."""
    wanted = {"Image": "diamol/base"} | body
    built = forwarded(asked("POST", "/v1.41/containers/create", wanted, known, **query)).request.body
    assert isinstance(built, dict)
    return built


def create_refused(body: Any, code: str, status: int | None = None) -> Refuse:
    wanted = body if isinstance(body, bytes) else {"Image": "diamol/base"} | body
    return refused(asked("POST", "/v1.41/containers/create", wanted), code, status)
