"""The pure promises as plain functions: every corpus case, and the guard's other tests that need no fixture."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import signal
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from tests.guard import (
    test_guard_calls,
    test_guard_create,
    test_guard_images,
    test_guard_json,
    test_guard_limits,
    test_guard_refusals,
    test_guard_scopes,
    test_guard_streams,
    test_guard_views,
)
from tests.guard.cases import read_corpus
from tests.guard.judged import WORLD, wrong

MODULES = (
    test_guard_scopes,
    test_guard_create,
    test_guard_calls,
    test_guard_images,
    test_guard_json,
    test_guard_limits,
    test_guard_refusals,
    test_guard_streams,
    test_guard_views,
)
LONGEST = 3.0
"""Seconds for a promise: each takes some milliseconds."""
Promise = tuple[str, Callable[[], bool]]
"""A name, and whether the promise is kept."""


def promises() -> tuple[Promise, ...]:
    """Small requests first, so that a broken promise is found soon."""
    return (*_corpus(), *(promise for module in MODULES for promise in _of(module)))


def _corpus() -> list[Promise]:
    found = []
    for case in read_corpus():
        for number, step in enumerate(case.steps(WORLD), 1):
            kept = lambda case=case, step=step: wrong(case, step) is None  # noqa: E731 (one for each step)
            found.append((len(step.raw), (f"{case.name}.{number}", kept)))
    return [promise for _, promise in sorted(found, key=lambda pair: pair[0])]


def _of(module: ModuleType) -> Iterator[Promise]:
    for name, test in vars(module).items():
        if name.startswith("test_") and inspect.isfunction(test) and not hasattr(test, "hypothesis"):
            for number, arguments in enumerate(_arguments(test), 1):
                yield f"{name}[{number}]", lambda test=test, arguments=arguments: _passes(test, arguments)


def _arguments(test: Any) -> Iterator[dict[str, Any]]:
    """The test's parameters, as pytest would give them."""
    choices = []
    for mark in getattr(test, "pytestmark", ()):
        names = [name.strip() for name in mark.args[0].split(",")] if isinstance(mark.args[0], str) else mark.args[0]
        values = [value if len(names) > 1 else (value,) for value in mark.args[1]]
        choices.append([dict(zip(names, value, strict=True)) for value in values])
    for chosen in itertools.product(*choices):
        yield {key: value for part in chosen for key, value in part.items()}


def _passes(test: Callable[..., None], arguments: dict[str, Any]) -> bool:
    test(**arguments)
    return True


def broken(promise: Promise) -> bool:
    """Whether the promise is not kept: another verdict, none at all, or none in time."""
    try:
        with _limited(LONGEST):
            return not promise[1]()
    except Exception:
        return True


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Ends a loop that no longer ends: without a rule, a reader may go round for ever without waiting for anything."""

    def ring(_: int, __: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
