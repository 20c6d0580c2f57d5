"""Writes deploy/FIDELITY.md from the list of intended differences: `python -m tests.gate.fidelity.page`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.gate.fidelity.differences import Difference, read_differences
from tests.gate.fidelity.transcript import script_lines

PAGE = Path(__file__).resolve().parents[3] / "deploy" / "FIDELITY.md"


def page(differences: Iterable[Difference], lines: int) -> str:
    """The page's text."""
    return "\n".join((_HEAD.format(lines=lines), *(_section(difference) for difference in differences)))


_HEAD = """# What is otherwise in a lab

A learner types the official `docker` command, and a lab answers as Docker Engine does. A test types the same {lines} \
command lines,
errors included, on an engine of its own and in a lab, with each official CLI of the machine (the distribution's 20.10 \
and, where it is
installed, 28), and compares exit code, output and errors, after giving ids, times, addresses and progress lines one \
name.
These differences are meant. The test fails for any other, and for one here that is gone.

This page is made from `tests/gate/fidelity/differences.yaml` by `python -m tests.gate.fidelity.page`.
"""


def _section(difference: Difference) -> str:
    lines = [f"## {difference.what}", "", difference.reason, ""]
    lines += [f"- `{line}`" + (f" says: {words}" if words else "") for line, words in difference.lines.items()]
    if difference.keys:
        lines.append("- in `inspect`: " + ", ".join(f"`{key}`" for key in difference.keys))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(read_differences(), len(script_lines())))
