"""What is promised about a client's bytes, as plain functions: the corpus's framings, each on a gate of its own."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.gate import test_gate_corpus_acts as acts
from tests.gate import test_gate_framing as framing
from tests.gate import test_gate_streams as streams
from tests.gate.conftest import IMAGES
from tests.gate.support import A, FakeEngine, HandMadeLab, fake_engine, opened
from tests.gate.test_gate_corpus_framing import FRAMED, hold, known_to
from tests.guard.cases import Case
from tests.guard.judged import WORLD
from tests.guard.promises import Promise

Test = Callable[..., Awaitable[None]]
TESTS: tuple[Test, ...] = (
    acts.test_a_silence_after_expect_ends_in_408,
    framing.test_nothing_that_the_client_framed_reaches_the_engine,
    framing.test_an_early_close_leaves_nothing_behind,
    framing.test_a_body_in_chunks_is_the_body,
    framing.test_a_chunk_that_ends_early_is_no_body,
    framing.test_a_chunks_size_has_an_end,
    framing.test_a_body_is_refused_as_soon_as_it_is_too_large,
    framing.test_a_body_does_not_come_in_crumbs,
    framing.test_a_chunk_of_more_than_the_bound_is_refused,
    streams.test_an_archive_is_looked_at_and_streams,
)


def gate_promises() -> tuple[Promise, ...]:
    """Short requests first."""
    cases = sorted(FRAMED, key=lambda case: sum(len(data) for data in case.wire(WORLD)))
    framed = [(case.name, lambda case=case: asyncio.run(_framed(case)) is None) for case in cases]
    return (*framed, *((test.__name__, lambda test=test: asyncio.run(_tested(test)) is None) for test in TESTS))


@contextlib.asynccontextmanager
async def _gate() -> AsyncIterator[tuple[HandMadeLab, FakeEngine]]:
    with tempfile.TemporaryDirectory(prefix="gate-") as name:
        folder = Path(name)
        async with fake_engine(folder) as fake, opened(fake.path, A, "a" * 64, IMAGES, folder) as lab:
            yield lab, fake


async def _framed(case: Case) -> None:
    async with _gate() as (lab, fake):
        await hold(lab, fake, known_to(fake, lab), case, "whole")


async def _tested(test: Test) -> None:
    async with _gate() as (lab, fake):
        if test.__module__ == streams.__name__:
            known_to(fake, lab)
        with pytest.MonkeyPatch.context() as monkeypatch:
            given = {"lab": lab, "fake": fake, "monkeypatch": monkeypatch}
            await test(**{name: given[name] for name in inspect.signature(test).parameters})
