"""Unix sockets whose paths may be longer than the 107 bytes that an address holds."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

BACKLOG = 128
MAX_ADDRESS = 100


@contextlib.contextmanager
def reachable(path: Path) -> Iterator[str]:
    """An address for `path`: the path itself, or one through its folder's descriptor when it is too long."""
    if len(os.fsencode(path)) <= MAX_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def inode(path: Path) -> int | None:
    """The socket file's identity; None when there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def listening(path: Path) -> socket.socket:
    """A socket that accepts at `path`; a stale one there is replaced. Everyone in the (private) folder may connect."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        with reachable(path) as address:
            listener.bind(address)
        path.chmod(0o666)  # the toolbox's root is an ordinary user of the host (userns-remap)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
