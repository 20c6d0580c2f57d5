"""`read_course`: the content folder, read once and strictly.

content/
  prelude.sh                 in front of every verify.sh and solve.sh
  ch02/chapter.yaml          id, titles by language, images, order of the step folders
  ch02/demo.yaml             a tour that plays by itself, where there is one
  ch02/01-hello/             ko.md en.md, and verify.sh with solve.sh where there is something to do
"""

from __future__ import annotations

import re
from pathlib import Path

from bot.course.faults import Faults
from bot.course.fields import Fields
from bot.course.model import Chapter, Course, Step, StepText
from bot.course.stepfile import read_step_text
from bot.course.tour import read_tour
from bot.identity import Language

CHAPTER_FILE = "chapter.yaml"
PRELUDE = "prelude.sh"

_CHAPTER_ID = re.compile(r"[a-z0-9]{1,12}")
"""No hyphen: a deep link is `<chapter>-<step>`."""
_STEP_FOLDER = re.compile(r"\d\d-([a-z0-9-]{1,24})")
"""The step's id goes into callback data (64 bytes) and deep links (64 of A-Za-z0-9_-)."""
_IMAGE = re.compile(r"[a-z0-9]+([._/-][a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?")
_MAX_NAME = 40


def read_course(folder: Path) -> Course:
    """Read every chapter below `folder`. Raises ContentError with every fault of all files as file:line."""
    faults = Faults()
    prelude = faults.read(folder / PRELUDE) or ""
    homes = sorted(path.parent for path in folder.glob(f"*/{CHAPTER_FILE}"))
    if not homes:
        faults.add(folder / "*" / CHAPTER_FILE, 1, "there is no chapter")
    chapters = [_chapter(home, number, prelude, faults) for number, home in enumerate(homes, 1)]
    faults.raise_if_any()
    return Course(tuple(chapters))


def _chapter(home: Path, number: int, prelude: str, faults: Faults) -> Chapter:
    path = home / CHAPTER_FILE
    fields = Fields.parse(faults.read(path) or "", path, 1, faults, ("id", "titles", "images", "order"))
    chapter_id = fields.text("id", limit=_MAX_NAME)
    if chapter_id != home.name or not _CHAPTER_ID.fullmatch(chapter_id):
        fields.fault("id", "the id is the folder's name: 1 to 12 of a-z and 0-9")
    steps = _steps(home, fields, prelude, faults)
    images = _images(fields, path, faults)
    return Chapter(chapter_id, number, _titles(fields), images, steps, read_tour(home, faults))


def _titles(fields: Fields) -> dict[Language, str]:
    if "titles" not in fields:
        fields.fault("titles", "'titles' is missing")
        return {}
    titles = fields.section("titles", [language.value for language in Language])
    return {language: titles.text(language.value, limit=_MAX_NAME) for language in Language}


def _images(fields: Fields, path: Path, faults: Faults) -> tuple[str, ...]:
    found = list(fields.lines("images", limit=128))
    for image, line in found:
        if not _IMAGE.fullmatch(image):
            faults.add(path, line, f"{image!r} is not an image name")
    return tuple(image if ":" in image else f"{image}:latest" for image, _ in found)


def _steps(home: Path, fields: Fields, prelude: str, faults: Faults) -> tuple[Step, ...]:
    path = home / CHAPTER_FILE
    steps: dict[str, Step] = {}
    listed = list(fields.lines("order", limit=_MAX_NAME))
    for name, line in listed:
        match = _STEP_FOLDER.fullmatch(name)
        if not match:
            faults.add(path, line, f"{name!r} is not two digits, a hyphen and an id of 1 to 24 of a-z, 0-9 and -")
        elif match[1] in steps:
            faults.add(path, line, f"step {match[1]!r} is here twice")
        elif not (home / name).is_dir():
            faults.add(path, line, f"there is no folder {name}")
        else:
            steps[match[1]] = _step(match[1], home / name, prelude, faults)
    for folder in sorted(each.name for each in home.iterdir() if each.is_dir()):
        if folder not in {name for name, _ in listed}:
            fields.fault("order", f"folder {folder} is not in the order")
    if not listed:
        fields.fault("order", "a chapter needs a step")
    return tuple(steps.values())


def _step(step_id: str, folder: Path, prelude: str, faults: Faults) -> Step:
    verify, solve = (_script(folder / name, prelude, faults) for name in ("verify.sh", "solve.sh"))
    if (verify is None) != (solve is None):
        faults.add(folder / ("verify.sh" if verify is None else "solve.sh"), 1, "verify.sh and solve.sh come together")
    texts = {language: _text(folder, language, verify is not None, faults) for language in Language}
    read = {language: text for language, text in texts.items() if text is not None}
    _same_commands(folder, read, faults)
    return Step(step_id, folder, read, verify, solve)


def _text(folder: Path, language: Language, checked: bool, faults: Faults) -> StepText | None:
    path = folder / f"{language}.md"
    text = read_step_text(path, language, faults)
    if text is None:
        return None
    if checked and not text.done:
        faults.add(path, 1, "the step has a check: say in 'done' what it showed")
    if text.done and not checked:
        faults.add(path, 1, "'done' needs a verify.sh")
    return text


def _same_commands(folder: Path, texts: dict[Language, StepText], faults: Faults) -> None:
    """A learner who changes the language must find the same buttons."""
    if len({text.blocks for text in texts.values()}) > 1:
        for language in texts:
            faults.add(folder / f"{language}.md", 1, "the languages have different run blocks")
    if len({(text.quiz.answer, len(text.quiz.options)) if text.quiz else None for text in texts.values()}) > 1:
        for language in texts:
            faults.add(folder / f"{language}.md", 1, "the languages have different quizzes")


def _script(path: Path, prelude: str, faults: Faults) -> str | None:
    return f"{prelude}\n{faults.read(path) or ''}" if path.is_file() else None
