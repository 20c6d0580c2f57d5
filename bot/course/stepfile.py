"""One step in one language: `ko.md` or `en.md`, front matter between `---` lines and a Markdown body.

title      the step's name, in lists and on top of the message
done       said when the check passes; present exactly where the step has verify.sh
hints      a list, the gentlest first
quiz       question, options, answer (the right option's number, counted from 1), explanation
picture    a name; `<name>.svg` is the source, `<name>.<language>.png` is what is sent
caption    what the picture shows, in words
"""

from __future__ import annotations

from pathlib import Path

from bot.course.faults import Faults
from bot.course.fields import Fields
from bot.course.model import Quiz, StepText
from bot.course.render import Rendered, render
from bot.identity import Language

KEYS = ("title", "done", "hints", "quiz", "picture", "caption")
QUIZ_KEYS = ("question", "options", "answer", "explanation")

MAX_TITLE = 40
"""One line of a phone's list of steps."""
MAX_DONE = 600
"""A short paragraph under the terminal message."""
MAX_HINT = 200
"""A hint may be shown as the answer of a button (Bot API, answerCallbackQuery: 200)."""
MAX_HINTS = 5
MAX_CAPTION = 1024
"""Bot API, sendPhoto."""
MAX_BODY = 3000
"""Of a message's 4,096 units: the rest is for the head line, the check's answer and whatever else the chat adds."""
MAX_ENTITIES = 90
"""Telegram drops entities beyond 100 without a word; the chat adds a few."""
MAX_COMMAND = 256
"""A copy button's text (Bot API, CopyTextButton)."""
MAX_QUESTION, MAX_OPTION, MAX_OPTIONS, MAX_EXPLANATION = 300, 100, 12, 200
"""Bot API, sendPoll; 12 options since 9.x."""

_FENCE = "---"


def read_step_text(path: Path, language: Language, faults: Faults) -> StepText | None:
    """Read a file; every fault is added with its line. None if there is nothing to read."""
    source = faults.read(path)
    if source is None:
        return None
    lines = source.split("\n")
    matter, first = _front_matter(lines, path, faults)
    fields = Fields.parse(matter, path, 2, faults, KEYS)
    rendered = _body("\n".join(lines[first:]), path, first + 1, faults)
    return StepText(
        title=fields.text("title", limit=MAX_TITLE),
        body=rendered.body,
        blocks=rendered.blocks,
        hints=fields.texts("hints", limit=MAX_HINT, most=MAX_HINTS),
        done=fields.text("done", limit=MAX_DONE, required=False),
        quiz=_quiz(fields),
        picture=_picture(fields, path, language),
        picture_caption=fields.text("caption", limit=MAX_CAPTION, required="picture" in fields),
    )


def _front_matter(lines: list[str], path: Path, faults: Faults) -> tuple[str, int]:
    """The YAML text and the index of the body's first line."""
    if lines[0] != _FENCE or _FENCE not in lines[1:]:
        faults.add(path, 1, "front matter is missing: a line ---, keys, a line ---")
        return "title: '-'", 0
    end = lines.index(_FENCE, 1)
    return "\n".join(lines[1:end]), end + 1


def _body(source: str, path: Path, first: int, faults: Faults) -> Rendered:
    """Render the body that starts at line `first` of the file."""
    rendered = render(source, lambda line, problem: faults.add(path, first + line, problem))
    body = rendered.body
    if not body.text.strip():
        faults.add(path, first, "the step has no text")
    if body.units > MAX_BODY:
        faults.add(path, first, f"the text has {body.units} units, at most {MAX_BODY} fit")
    if len(body.entities) > MAX_ENTITIES:
        faults.add(path, first, f"the text has {len(body.entities)} marks, at most {MAX_ENTITIES} are shown")
    for block, line in zip(rendered.blocks, rendered.block_lines, strict=True):
        if len(block.command) > MAX_COMMAND or not block.command.isascii():
            faults.add(path, first + line, f"a command is plain ASCII of at most {MAX_COMMAND} characters")
    return rendered


def _quiz(fields: Fields) -> Quiz | None:
    if "quiz" not in fields:
        return None
    quiz = fields.section("quiz", QUIZ_KEYS)
    options = quiz.texts("options", limit=MAX_OPTION, most=MAX_OPTIONS)
    answer = quiz.number("answer")
    if len(options) < 2:
        quiz.fault("options", "a quiz needs two options or more")
    elif answer > len(options):
        quiz.fault("answer", f"there is no option {answer}: the options are 1 to {len(options)}")
    question = quiz.text("question", limit=MAX_QUESTION)
    return Quiz(question, options, answer - 1, quiz.text("explanation", limit=MAX_EXPLANATION))


def _picture(fields: Fields, path: Path, language: Language) -> Path | None:
    name = fields.text("picture", limit=MAX_TITLE, required=False)
    if not name:
        if "caption" in fields:
            fields.fault("caption", "a caption needs a picture")
        return None
    picture = path.parent / f"{name}.{language}.png"
    if not picture.is_file():
        fields.fault("picture", f"there is no {picture.name} beside this file")
    return picture
