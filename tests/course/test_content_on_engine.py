"""The content check: every chapter played in one lab on a real engine, step by step, by its reference answers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.course import Chapter, Step, read_course
from bot.identity import LabId, Language
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.script import ScriptResult
from bot.settings import CONTENT, Settings
from deploy.host.temporary import EngineHost

pytestmark = pytest.mark.engine

COURSE = read_course(CONTENT)
LAB = LabId("c0de5c0de5")
HANGUL = re.compile("[가-힣]")
SOLVE_SECONDS = 60.0
"""An answer may pull an image and start a few containers, on two cores that other tests share."""


class Shelf:
    """Which images are local for a lab, for as long as the test lasts."""

    def __init__(self) -> None:
        self._references: defaultdict[LabId, set[str]] = defaultdict(set)

    async def references(self, lab: LabId) -> frozenset[str]:
        return frozenset(self._references[lab])

    async def add(self, lab: LabId, reference: str) -> None:
        self._references[lab].add(reference)

    async def remove(self, lab: LabId, reference: str) -> None:
        self._references[lab].discard(reference)


@pytest.fixture(params=COURSE.chapters, ids=lambda chapter: chapter.id)
def chapter(request: pytest.FixtureRequest) -> Chapter:
    found: Chapter = request.param
    return found


@pytest.fixture
async def lab(chapter: Chapter, engine_host: EngineHost, tmp_path: Path) -> AsyncIterator[Lab]:
    namespace = engine_host.network_namespace
    settings = Settings(
        state=tmp_path,
        engine=f"unix://{engine_host.socket}",
        network_namespace=str(namespace) if namespace else None,
        cgroup=engine_host.cgroup,
    )
    async with SandboxHost(settings, Shelf(), frozenset(chapter.images)) as host:
        yield await host.labs.open(LAB)
        await host.labs.close(LAB)


async def test_every_check_fails_before_its_answer_and_passes_after_it(chapter: Chapter, lab: Lab) -> None:
    """A check sees that there is something to do, says what in both languages, and sees when it is done."""
    for step in chapter.steps:
        if step.verify is None or step.solve is None:
            continue
        await _says_why(lab, step, step.verify)
        solved = await lab.run_script(step.solve, timeout=SOLVE_SECONDS)
        assert solved.exit_code == 0, (step.id, solved.output)
        passed = await _check(lab, step.verify, Language.KOREAN)
        assert passed.exit_code == 0, (step.id, passed.output, solved.output)


async def _says_why(lab: Lab, step: Step, verify: str) -> None:
    """One line of reason in each language, and nothing else: a tool's error would be no reason."""
    for language in Language:
        result = await _check(lab, verify, language)
        assert result.exit_code != 0, f"{step.id} is done before it was begun"
        lines = result.output.strip().splitlines()
        assert len(lines) == 1, (step.id, result.output)
        assert bool(HANGUL.search(lines[0])) == (language == Language.KOREAN), (step.id, lines)


async def _check(lab: Lab, verify: str, language: Language) -> ScriptResult:
    return await lab.run_script(verify, environment={"DOSIRAK_LANGUAGE": language.value})
