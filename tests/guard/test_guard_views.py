"""What the engine answers and what the lab is shown, what a lab asks and what the engine gets: whole, key by key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.guard.call import read_call
from bot.guard.decide import decide
from bot.guard.verdict import Answer, Forward, Several
from tests.guard.answers import CALLS, CHANGES, HOST, known
from tests.guard.lab import OWNER

GOLDEN = Path(__file__).parent / "corpus" / "views.json"


def shown(target: str, answer: Any = None) -> Any:
    """What the lab is shown for a call, when the engine answers so."""
    verdict = decide(read_call("GET", target), OWNER, known())
    if isinstance(verdict, Answer):
        return json.loads(verdict.body)
    assert isinstance(verdict, Forward), verdict
    if verdict.reply.lines is not None:
        lines = [verdict.reply.lines(json.dumps(line).encode()) for line in answer]
        return [None if line is None else json.loads(line) for line in lines]
    return verdict.reply.view(answer)


def done(call: str, body: Any, answer: Any) -> dict[str, Any]:
    """What a changing call sends to the engine, and what the lab is told."""
    method, _, target = call.partition(" ")
    data = b"" if body is None else json.dumps(body).encode()
    asked = read_call(method, "/v1.41" + target, data, "" if body is None else "application/json")
    verdict = decide(asked, OWNER, known("diamol/base:latest") if "fromImage" in call else known())
    if isinstance(verdict, Answer):
        lines = [json.loads(line) for line in verdict.body.splitlines()]
        return {"sent": [], "told": lines, "add": list(verdict.add), "remove": list(verdict.remove)}
    assert isinstance(verdict, Forward | Several), verdict
    requests = verdict.requests if isinstance(verdict, Several) else (verdict.request,)
    sent = [[each.method, each.path, [list(pair) for pair in each.query], each.body] for each in requests]
    told = json.loads(verdict.answer(answer).body) if isinstance(verdict, Several) else verdict.reply.view(answer)
    return {"sent": sent, "told": told}


def golden() -> dict[str, Any]:
    """All of it."""
    views = {target: shown("/v1.41" + target, answer) for target, answer in CALLS.items()}
    return views | {call: done(call, *both) for call, both in CHANGES.items()}


@pytest.mark.parametrize("target", list(CALLS))
def test_what_is_shown_is_exactly_this(target: str) -> None:
    """Whole answers, compared with `corpus/views.json` (`python -m tests.guard.test_guard_views` writes it anew, to be
    read before it is kept); nothing of the host or of another lab is in any."""
    found = shown("/v1.41" + target, CALLS[target])
    assert HOST not in json.dumps(found) and HOST.lower() not in json.dumps(found)
    assert found == json.loads(GOLDEN.read_text("utf-8"))[target]


@pytest.mark.parametrize("call", list(CHANGES))
def test_what_is_sent_and_told_is_exactly_this(call: str) -> None:
    """Whole requests, every key and no other, and the answers to them."""
    found = done(call, *CHANGES[call])
    assert HOST not in json.dumps(found)
    assert found == json.loads(GOLDEN.read_text("utf-8"))[call]


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden(), indent=1, sort_keys=True) + "\n")
