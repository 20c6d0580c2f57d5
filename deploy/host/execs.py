"""What an engine that was killed owes to its containers: a reader for each command that was being started in one.

The shim of a container starts a command (`docker exec`) with a lock taken, and opens the command's output for writing
before it lets go of it. The kernel makes it wait for a reader. That was dockerd: when it is killed at this moment, the
shim waits for half a minute. A dockerd that starts meanwhile gets no answer (containerd: "get state: context deadline
exceeded") and takes the container for running, but has neither its terminal nor its logs, for as long as both live.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from deploy.host.places import Places

OUTPUTS = ("*-stdout", "*-stderr")
"""libcontainerd's names: `init-…` for the container's own, which the next dockerd opens itself, else the exec's id."""


@contextmanager
def readers(places: Places) -> Iterator[tuple[int, ...]]:
    """Descriptors that read each such output, for the next dockerd to inherit: it never looks at them, but as long as
    it lives nobody waits, also a shim that is not so far yet."""
    with ExitStack() as stack:
        opened = []
        for pipe in _pipes(places):
            with suppress(FileNotFoundError):  # Its container may be removed just now.
                opened.append(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
                stack.callback(os.close, opened[-1])
        yield tuple(opened)


def _pipes(places: Places) -> Iterator[Path]:
    for pattern in OUTPUTS:
        # `exec-root`; with userns-remap the engine appends the owner's numbers to its name.
        for path in places.run.glob(f"exec*/containerd*/*/{pattern}"):
            with suppress(FileNotFoundError):
                if not path.name.startswith("init-") and stat.S_ISFIFO(path.lstat().st_mode):
                    yield path
