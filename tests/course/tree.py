"""A small course on disk that reads without a fault; each test breaks one thing in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.course import read_course
from bot.errors import ContentError

CHAPTER = """\
id: ch02
titles:
  ko: 첫 장
  en: The first chapter
images:
  - diamol/base
order:
  - 01-hello
  - 02-idea
"""
STEP = """\
---
title: Hello
done: Well done.
hints:
  - Run it.
---
Say hello.

```sh run
docker container run diamol/base
```
"""
IDEA = """\
---
title: Idea
picture: box
caption: A box.
quiz:
  question: Which?
  options:
    - this
    - that
  answer: 2
  explanation: That one.
---
An idea.
"""


class Tree:
    """The content folder `root`; every method changes one file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("prelude.sh", "reason() { echo; }\n")
        self.write("ch02/chapter.yaml", CHAPTER)
        for language in ("ko", "en"):
            self.write(f"ch02/01-hello/{language}.md", STEP)
            self.write(f"ch02/02-idea/{language}.md", IDEA)
            self.write(f"ch02/02-idea/box.{language}.png", "\x89PNG")
        self.write("ch02/01-hello/verify.sh", "exit 0\n")
        self.write("ch02/01-hello/solve.sh", "true\n")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def swap(self, name: str, old: str, new: str) -> None:
        """Replace a text that must be there once."""
        path = self.root / name
        text = path.read_text("utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), "utf-8")

    def faults(self) -> list[str]:
        """What reading says, with paths from the root."""
        with pytest.raises(ContentError) as caught:
            read_course(self.root)
        return [str(fault).removeprefix(f"{self.root}/") for fault in caught.value.faults]
