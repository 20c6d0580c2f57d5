"""The gates' Unix sockets."""

from __future__ import annotations

import socket
from pathlib import Path

from bot.sandbox.longpaths import reachable

BACKLOG = 128


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
