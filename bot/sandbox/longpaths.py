"""Unix sockets whose paths may be longer than an address holds."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

MAX_ADDRESS = 107
"""Bytes: `sun_path` on Linux, without its closing zero."""


@contextlib.contextmanager
def reachable(path: Path) -> Iterator[str]:
    """An address for `path`, for as long as the block lasts: a long one goes through its folder's descriptor."""
    if len(os.fsencode(path)) <= MAX_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
