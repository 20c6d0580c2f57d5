"""Which bot this is among those that share an engine: a word in its state folder, made once and moving with it."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from bot.errors import LabError

FILE_NAME = "host-id"
_HOST_ID = re.compile(r"[0-9a-f]{12}", re.ASCII)


def host_id(state: Path) -> str:
    """Twelve hexadecimal digits. Raises LabError when the folder cannot keep them."""
    path = state / FILE_NAME
    try:
        state.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _keep(path, secrets.token_hex(6))
        found = path.read_text("ascii", "replace").strip()
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    if not _HOST_ID.fullmatch(found):
        raise LabError(f"{path} is damaged: put 12 hexadecimal digits into it, those of the labels dosirak.host")
    return found


def _keep(path: Path, fresh: str) -> None:
    """Whole or not at all, also when the power goes."""
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="ascii") as file:
        file.write(fresh + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
