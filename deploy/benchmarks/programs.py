"""Python programs in processes of their own, for as long as a block lasts."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

GRACE = 15.0
"""Seconds for an orderly end."""


@asynccontextmanager
async def process(variables: Mapping[str, str], module: str, *arguments: str) -> AsyncIterator[int]:
    """`python -m module` with these variables, ended by SIGINT: its pid. Its log is shown only when it ends badly."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        env={**own_variables(), **variables},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    log = asyncio.get_running_loop().create_task(started.communicate(), name=f"log of {module}")
    try:
        yield started.pid
    finally:
        if started.returncode is None:
            started.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(GRACE):
                _, errors = await log
        except TimeoutError:
            started.kill()
            raise
    if started.returncode:
        raise RuntimeError(f"{module} ended with {started.returncode}:\n{errors.decode(errors='replace')[-3000:]}")


def own_variables() -> dict[str, str]:
    """The environment without anybody's settings: a token in it would make a real bot of a measured one."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("DOSIRAK_", "TELEGRAM_"))}


def processor_seconds(pid: int) -> float:
    """What a process has used so far, in all its threads (proc(5): utime and stime, in clock ticks)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
