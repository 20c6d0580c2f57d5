"""Whether a command ties the terminal to a container that would run on without it."""

from __future__ import annotations

import re
from typing import Final

_DOCKER: Final = re.compile(r"(?:^|[;&|(\n]\s*)docker(?:\s+container)?\s+(run|start|attach)\b([^;&|\n]*)")
_SHORT: Final = re.compile(r"\s-([A-Za-z]+)\b")


def can_detach(command: str) -> bool:
    """True for `docker run -it`, `docker start --attach --interactive` and `docker attach`: their detach keys leave the
    container running (docker CLI reference, `--detach-keys`)."""
    return any(_is_tied(match[1], " " + match[2]) for match in _DOCKER.finditer(command.replace("\\\n", " ")))


def _is_tied(verb: str, options: str) -> bool:
    letters = "".join(_SHORT.findall(options))
    interactive = "i" in letters or "--interactive" in options
    match verb:
        case "attach":
            return True
        case "start":
            return interactive and ("a" in letters or "--attach" in options)
    return interactive and ("t" in letters or "--tty" in options) and "d" not in letters and "--detach " not in options
