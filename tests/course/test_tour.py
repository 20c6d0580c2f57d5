"""A tour is read as strictly as a step, and stays under a minute."""

from __future__ import annotations

import pytest

from bot.course import Scene, read_course
from bot.course.tour import MAX_PAUSE, MAX_PAUSES
from bot.identity import Language
from bot.settings import CONTENT
from tests.course.tree import Tree

TOUR = "ch02/demo.yaml"
FIRST = "  - {ko: 하나, en: one, pause: 3}\n"
LAST = "  - {ko: 정리, en: clean, run: docker container rm web}\n"


def test_scenes_are_read_in_order(tree: Tree) -> None:
    """A scene without a command is only said; without a pause it has one second."""
    tree.write(TOUR, "scenes:\n" + FIRST + LAST)
    assert read_course(tree.root).chapter("ch02").tour == (
        Scene({Language.KOREAN: "하나", Language.ENGLISH: "one"}, None, 3),
        Scene({Language.KOREAN: "정리", Language.ENGLISH: "clean"}, "docker container rm web", 1),
    )


def test_a_chapter_needs_no_tour(tree: Tree) -> None:
    """There is just none."""
    assert read_course(tree.root).chapter("ch02").tour == ()


@pytest.mark.parametrize(
    ("scenes", "line", "problem"),
    [
        ("scenes:\n" + FIRST, 2, "cleans up"),
        ("scenes: []\n", 1, "cleans up"),
        ("scenes: web\n", 1, "must be a list"),
        ("scenes:\n  - {ko: 하나}\n" + LAST, 2, "'en' is missing"),
        ("scenes:\n  - {ko: 하나, en: one, wait: 3}\n" + LAST, 2, "unknown key 'wait'"),
        (f"scenes:\n  - {{ko: 하나, en: one, pause: {MAX_PAUSE + 1}}}\n" + LAST, 2, "at most"),
        ("scenes:\n" + FIRST * (MAX_PAUSES // 3 + 1) + LAST, 2, "together"),
    ],
)
def test_what_does_not_fit_is_a_fault_with_its_line(tree: Tree, scenes: str, line: int, problem: str) -> None:
    """As with every file of the course."""
    tree.write(TOUR, scenes)
    assert any(fault.startswith(f"{TOUR}:{line}: ") and problem in fault for fault in tree.faults()), tree.faults()


def test_the_shipped_tour_uses_the_chapters_own_images() -> None:
    """Others could not be pulled in a lab."""
    for chapter in read_course(CONTENT).chapters:
        images = {image.removesuffix(":latest") for image in chapter.images}
        runs = [scene.command for scene in chapter.tour if scene.command and " run " in scene.command]
        assert runs and all(images & set(command.split()) for command in runs)
