"""Which outputs are tables that a phone's lines would break."""

from __future__ import annotations

import re
from typing import Final

from bot.terminal.run import Run
from bot.terminal.screen import PHONE_SIZE

_HEADER: Final = re.compile(r"[A-Z][A-Z /%]*(?:\s{2,}[A-Z][A-Z /%]*)+")
"""As the docker CLI writes it: names in capitals, at least two blanks between them."""


def is_wide(run: Run) -> bool:
    """Whether any line is wider than a phone's."""
    return run.screen.width > PHONE_SIZE.columns


def is_wide_table(run: Run) -> bool:
    """Whether docker has printed a table of one row or more that is wider than a phone: it is worth a picture."""
    lines = run.lines()
    if not run.command.lstrip().startswith("docker ") or len(lines) < 2 or run.lines_gone:
        return False
    return _HEADER.fullmatch(lines[0].rstrip()) is not None and is_wide(run)
