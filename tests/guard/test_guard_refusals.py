"""Refusals teach: each has its own sentence, which names what is left out and what to do instead."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

import pytest

import bot.guard
from bot.guard import decide
from bot.guard.call import Call
from bot.guard.names import devirtualised
from bot.guard.refusals import SENTENCES, refuse
from bot.guard.routes import ROUTES, Route
from bot.guard.verdict import Refuse
from tests.guard.cases import read_corpus
from tests.guard.judged import WORLD, judge
from tests.guard.lab import LAB, OWNER

SAFE_WAY = re.compile(
    r";|instead|try |use |leave |run |remove |choose |ask for|reach|publish|each container|this lab|docker |here|stay"
)
"""A half-sentence that says how things are here, or what to do: the sentence does not end with the refusal."""


def named() -> Iterator[tuple[str, str]]:
    """Every feature that the guard refuses by name, with its place."""
    for found in pkgutil.iter_modules(bot.guard.__path__):
        module = importlib.import_module(f"bot.guard.{found.name}")
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            name = getattr(getattr(node, "func", None), "id", "")
            if isinstance(node, ast.Call) and name in ("refuse", "refused", "only_null", "denied", "_one_of"):
                for word in (part for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)):
                    if isinstance(word.value, str):
                        yield word.value, f"{found.name}:{node.lineno}"


def test_every_refused_feature_has_a_sentence_and_every_sentence_a_feature() -> None:
    """No name without words, and no words that nobody says."""
    used = {name for name, _ in named() if name not in ("bind", "volume", "container")}
    used |= {code_of(route) for route in ROUTES if route.decision == "D"}
    limits = {"memory", "cpu", "pids", "shm-size", "tmpfs", "healthcheck", "restart"}  # said by `whole`
    said_elsewhere = {"bind", "copy-archive"}  # said by a condition, and by the gate
    assert used | limits | said_elsewhere == set(SENTENCES)


def code_of(route: Route) -> str:
    verdict = decide(Call(route.methods.split()[0], re.sub(r"\{\w+\}", "x", route.path)), OWNER, {})
    assert isinstance(verdict, Refuse)
    return verdict.code


@pytest.mark.parametrize(("feature", "sentence"), SENTENCES.items())
def test_a_sentence_teaches(feature: str, sentence: str) -> None:
    """One line that fits a phone, without a full stop, ready to be followed by the learner's own value."""
    assert 30 <= len(sentence) <= 130 and "\n" not in sentence and not sentence.endswith(".")
    assert SAFE_WAY.search(sentence), sentence
    assert not re.search(r"\b(error|forbidden|illegal|denied|invalid|sorry|cannot be)\b", sentence), sentence
    assert refuse(feature, "x").verdict.message == f"{sentence} (x)"


def test_no_two_features_share_a_sentence() -> None:
    """Else one of them is not named."""
    assert len(set(SENTENCES.values())) == len(SENTENCES)


def test_what_the_corpus_meets_says_more_than_its_status() -> None:
    """Every refusal of every case has words, and those of a feature are the feature's own."""
    for case in read_corpus():
        for step in case.steps(WORLD):
            verdict = judge(step)
            if isinstance(verdict, Refuse):
                assert len(verdict.message) > 8, case.name
                assert "Traceback" not in verdict.message and "Error(" not in verdict.message


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (f"too many links in /srv/x/overlay2/{'c0' * 32}/merged/a/b", "too many links in /a/b"),
        (f'open "/srv/x/overlay2/{"c0" * 32}/diff": no such file', 'open "/": no such file'),
        (f"lchown /srv/x/volumes/lab-{LAB}.data/_data/local: no", "lchown /local: no"),
        (
            "Could not find the file /overlay2/x in container web",
            "Could not find the file /overlay2/x in container web",
        ),
    ],
)
def test_an_error_shows_no_folder_of_the_hosts(told: str, shown: str) -> None:
    """A path into a container or a volume is told as it is in there."""
    assert devirtualised(OWNER, told) == shown
