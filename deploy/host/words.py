"""How the host's side speaks on the terminal: one line for each thing it does, with the time it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str) -> None:
    """One line to the person who started this."""
    print(f"dosirak: {text}", flush=True)


def complain(text: str) -> None:
    """One line about what went wrong."""
    print(f"dosirak: {text}", file=sys.stderr, flush=True)


@contextmanager
def telling(text: str) -> Iterator[None]:
    """Say what is done now, and when it is done, how long it took."""
    say(f"{text} …")
    started = time.monotonic()
    yield
    say(f"{text}: done in {time.monotonic() - started:.1f} s")
