"""The course that ships is data, and is checked like code."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from bot.course import Chapter, Course, StepText, read_course
from bot.identity import Language
from bot.richtext import units
from bot.settings import CONTENT

PICTURES = sorted(CONTENT.rglob("*.svg"))
SCRIPTS = sorted(CONTENT.rglob("*.sh"))
PICTURE_WIDTH = 1080
"""Three dots of the file for each of a 360 dp phone."""
PICTURE_BYTES = 300_000
"""A second on a slow phone line."""


@pytest.fixture(scope="module")
def course() -> Course:
    return read_course(CONTENT)


@pytest.fixture(scope="module")
def chapter(course: Course) -> Chapter:
    return course.chapter("ch02")


def test_the_first_chapter_follows_the_notes(chapter: Chapter) -> None:
    """Every section in its order: the hands-on steps and the ideas between them."""
    assert [step.id for step in chapter.steps] == [
        "hello", "hello-again", "build-share-run", "what-is-a-container", "remote-computer", "list", "what-is-kept",
        "web", "how-publishing-works", "clean-up", "how-docker-runs", "exercise", "finish",
    ]  # fmt: skip


def test_the_steps_with_something_to_do_have_a_check(chapter: Chapter) -> None:
    """A step has a check exactly if it has a command to run."""
    for step in chapter.steps:
        assert (step.verify is not None) == bool(step.texts[Language.KOREAN].blocks), step.id


def test_four_pictures_are_sent(chapter: Chapter) -> None:
    """The box, a request, published ports, engine with API and CLI."""
    pictures = [step.texts[Language.KOREAN].picture for step in chapter.steps]
    assert [path.name for path in pictures if path] == ["box.ko.png", "request.ko.png", "ports.ko.png", "engine.ko.png"]


def test_every_image_of_a_command_is_on_the_chapters_list(chapter: Chapter) -> None:
    """A lab can pull only what the chapter lists."""
    commands = " ".join(block.command for step in chapter.steps for block in step.texts[Language.KOREAN].blocks)
    used = {f"{name}:latest" for name in re.findall(r"diamol/[a-z0-9-]+", commands)}
    assert used == set(chapter.images)


@pytest.mark.parametrize("language", list(Language))
def test_bodies_leave_room_and_no_marks_behind(course: Course, language: Language) -> None:
    """No Markdown mark shows in the text of any step outside code."""
    for text in _texts(course, language):
        assert "**" not in text.body.text and "`" not in text.body.text, text.title


def test_korean_is_written_in_the_polite_style(course: Course) -> None:
    """Every sentence that ends a line ends in 요, 죠 or 까."""
    for text in _texts(course, Language.KOREAN):
        said = (*text.body.text.split("\n"), text.done, text.picture_caption, *text.hints)
        for line in said:
            if line.endswith((".", "?")):
                assert re.search(r"[요죠까][.?]$", line), (text.title, line)


def test_paragraphs_are_short(course: Course) -> None:
    """A phone shows a paragraph of this many units whole."""
    for language in Language:
        for text in _texts(course, language):
            for paragraph in text.body.text.split("\n"):
                assert units(paragraph) <= 280, (text.title, paragraph)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(CONTENT)))
def test_scripts_are_bash(script: Path) -> None:
    """`bash -n` reads every script."""
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=10)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("source", PICTURES, ids=lambda path: path.stem)
def test_pictures_belong_to_their_sources(source: Path, language: Language) -> None:
    """After a change of an SVG, deploy/pictures/render.py has to run again."""
    text = source.read_text("utf-8")
    with Image.open(source.with_name(f"{source.stem}.{language}.png")) as image:
        assert image.info["Source"] == hashlib.sha256(f"{language}\n{text}".encode()).hexdigest()
        assert image.width == PICTURE_WIDTH
    assert source.with_name(f"{source.stem}.{language}.png").stat().st_size < PICTURE_BYTES


@pytest.mark.parametrize("source", PICTURES, ids=lambda path: path.stem)
def test_pictures_have_every_word_in_both_languages(source: Path) -> None:
    """As many texts of class `ko` as of class `en`."""
    text = source.read_text("utf-8")
    assert len(re.findall(r'class="ko[ "]', text)) == len(re.findall(r'class="en[ "]', text)) > 0


def _texts(course: Course, language: Language) -> list[StepText]:
    return [step.texts[language] for chapter in course.chapters for step in chapter.steps]
