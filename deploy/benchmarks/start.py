"""How long a start takes: `deploy/run` the second time, and the bot by itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from deploy.benchmarks.answers import first_answer, free_port
from deploy.benchmarks.figures import Row, Sample, at_most, plain
from deploy.benchmarks.programs import own_variables, process
from deploy.benchmarks.run import Run, seconds
from deploy.host import environment
from deploy.host.launch import ROOT

LAUNCHES = 5
BOT_STARTS = 10
STOP_BOUND = at_most(10.0)


async def measure(run: Run) -> list[Row]:
    launches = await _launches(run.rounds(LAUNCHES))
    bots = [await _bot(run) for _ in range(run.rounds(BOT_STARTS) + 1)][1:]
    imports = [await seconds(_import()) for _ in range(run.rounds(BOT_STARTS) + 1)][1:]
    starts, stops = zip(*launches[1:], strict=True)
    return [
        plain("start", "deploy/run to the first answered update, second start", Sample.of(starts), "s", at_most(6.0)),
        plain("start", "Ctrl-C to the end of everything", Sample.of(stops), "s", STOP_BOUND),
        plain("start", "the same, first start (environment and images kept)", Sample.of([launches[0][0]]), "s"),
        plain("start", "python -m bot to the first answered update", Sample.of(bots), "s", at_most(1.5)),
        plain("start", "of that: importing the bot", Sample.of(imports), "s"),
    ]


async def _launches(count: int) -> list[tuple[float, float]]:
    """Seconds of the start and of the stop, for a first start and `count` more on the same state folder."""
    state = _new_state()
    try:
        return [await _launch(state) for _ in range(count + 1)]
    finally:
        shutil.rmtree(state, ignore_errors=True)


def _new_state() -> Path:
    """A state folder with the Python environment that this runs in, if `deploy/run` would take it as its own."""
    state = Path(tempfile.mkdtemp(prefix="dosirak-"))
    state.chmod(0o711)  # an engine's folder must be open to containers' users
    ours = Path(sys.prefix)
    if environment.fits(ours, environment.REQUIREMENTS):
        (state / "venv").symlink_to(ours)
    return state


async def _launch(state: Path) -> tuple[float, float]:
    port = free_port()
    variables = {"DOSIRAK_STATE": str(state), "DOSIRAK_LISTEN": f"127.0.0.1:{port}"}
    started = time.perf_counter()
    launcher = await asyncio.create_subprocess_exec(
        ROOT / "deploy/run",
        env=own_variables() | variables,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await first_answer(f"http://127.0.0.1:{port}")
        start = time.perf_counter() - started
    finally:
        launcher.send_signal(signal.SIGINT)
        stop = await seconds(launcher.wait())
    if launcher.returncode:
        raise RuntimeError(f"deploy/run ended with {launcher.returncode}")
    return start, stop


async def _bot(run: Run) -> float:
    """The bot on an engine that runs, with a state folder that it knows."""
    port = free_port()
    started = time.perf_counter()
    async with process(run.environment("start", f"127.0.0.1:{port}"), "bot"):
        await first_answer(f"http://127.0.0.1:{port}")
        return time.perf_counter() - started


async def _import() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import bot.app", env=dict(os.environ))
    await process.wait()
