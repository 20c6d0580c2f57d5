"""The corpus judged by the guard alone: a world of constants, and what is wrong with a verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.guard import decide, forced
from bot.guard import facts as ask
from bot.guard.call import read_call
from bot.guard.verdict import Answer, Forward, Refuse, Refused, Several, Upstream, Verdict
from tests.guard.cases import Case, Step, filled
from tests.guard.lab import (
    DB,
    HIDDEN_IMAGE,
    IMAGE,
    LAB,
    NETWORK,
    OTHER,
    OTHER_NETWORK,
    OWNER,
    THEIRS,
    TOOLBOX,
    WEB,
    container,
    knowledge,
)

FORCED = forced.host_config(OWNER)
"""As they are promised: what a matrix takes out of the guard stays in the promise."""
MOUNTED, BACK, OWN_EXEC, THEIR_EXEC, TOOLBOX_EXEC = "c3" + "0" * 62, "f" * 64, "5" * 64, "6" * 64, "7" * 64
WORLD = {
    "A1": WEB,
    "A2": DB,
    "MOUNTED": MOUNTED,
    "B1": THEIRS,
    "TOOLBOX": TOOLBOX,
    "NA": NETWORK,
    "NA2": BACK,
    "NB": OTHER_NETWORK,
    "VB": f"lab-{OTHER}.data",
    "EA": OWN_EXEC,
    "EB": THEIR_EXEC,
    "ET": TOOLBOX_EXEC,
    "NOPE": "8" * 64,
    "IA": IMAGE,
    "IAHEX": IMAGE[7:],
    "IB": HIDDEN_IMAGE,
    "IBHEX": HIDDEN_IMAGE[7:],
    "LA": LAB,
    "LB": OTHER,
    "MEMORY": str(OWNER.limits.container_memory),
}
"""The names in the corpus's own words; the engine's facts below are about the same objects."""


def facts() -> dict[Any, Any]:
    """What the engine would say: the lab's objects, and another lab's beside them, which a lax filter would let in."""
    execs = {OWN_EXEC: WEB, THEIR_EXEC: THEIRS, TOOLBOX_EXEC: TOOLBOX}
    more = {ask.execution(key): {"ContainerID": owner, "ProcessConfig": {"tty": False}} for key, owner in execs.items()}
    return knowledge(
        containers=[
            container(WEB, "web"),
            container(DB, "db", state="exited"),
            container(MOUNTED, "mounted") | {"Mounts": [{"Type": "volume", "Name": f"lab-{LAB}.other"}]},
            container(TOOLBOX, "t", role="toolbox"),
            container(THEIRS, "shop", lab=OTHER),
        ],
        volumes=[
            {"Name": f"lab-{lab}.data", "Labels": {"dosirak.lab": lab, "dosirak.role": "learner"}, "Driver": "local"}
            for lab in (LAB, OTHER)
        ],
        more=more | {ask.execution("8" * 64): None},
    )


def judge(step: Step) -> Verdict:
    try:
        call = read_call(step.method, step.target)
    except Refused as refusal:
        return refusal.verdict
    kind = step.content_type.partition(";")[0]
    return decide(read_call(step.method, step.target, step.body or b"", kind), OWNER, facts()) if call else call


def wrong(case: Case, step: Step) -> str | None:
    """What is wrong with the verdict on a step, or None."""
    verdict = judge(step)
    if case.refused is not None:
        status, code = case.refused
        right = isinstance(verdict, Refuse) and verdict.status == status and code in ("", verdict.code)
        if right and case.raw.get("says", "") not in getattr(verdict, "message", ""):
            return f"expected {case.raw['says']}, got {_told(verdict)}"
        return None if right else f"expected {status} {code}, got {_told(verdict)}"
    if "answered" in case.raw:
        right = isinstance(verdict, Answer) and verdict.status == case.raw["answered"]
        return None if right else f"expected an answer, got {_told(verdict)}"
    return _not_sent(case, verdict)


def _not_sent(case: Case, verdict: Verdict) -> str | None:
    wanted = filled(case.raw["sends"], WORLD)
    sent = list(requests_of(verdict))
    if [f"{request.method} {request.path}" for request in sent] != [wanted]:
        return f"expected {wanted}, got {_told(verdict)}"
    (request,) = sent
    if "query" in case.raw and dict(request.query) != filled(case.raw["query"], WORLD):
        return f"the query is {request.query}"
    if missing := differs(filled(case.raw.get("body", {}), WORLD), request.body):
        return missing
    return differs({"HostConfig": FORCED}, request.body) if case.raw.get("forced") else None


def requests_of(verdict: Verdict) -> Iterator[Upstream]:
    if isinstance(verdict, Forward):
        yield verdict.request
    if isinstance(verdict, Several):
        yield from verdict.requests


def differs(wanted: Any, found: Any, where: str = "body") -> str | None:
    """Where `found` lacks what is wanted: objects may have more keys, all else is equal."""
    parts: Iterator[str | None]
    if isinstance(wanted, dict) and wanted and isinstance(found, dict):
        parts = (differs(item, found.get(key), f"{where}.{key}") for key, item in wanted.items())
        return next((part for part in parts if part), None)
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        parts = (differs(*pair, f"{where}[]") for pair in zip(wanted, found, strict=True))
        return next((part for part in parts if part), None)
    if wanted == {} and where == "body":
        return None
    return None if wanted == found else f"{where} is {found!r}, not {wanted!r}"


def _told(verdict: Verdict) -> str:
    if isinstance(verdict, Forward | Several):
        return "; ".join(f"{r.method} {r.path} {json.dumps(r.body)[:200]}" for r in requests_of(verdict))
    return str(verdict)[:200]
