"""`deploy/run`: from a bare machine to an answering bot, and back to what it was."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from deploy.host import environment, kernel, packages
from deploy.host.bot import LISTEN, Bot, listens, wait_until_free
from deploy.host.engine import Engine
from deploy.host.external import external_socket, fitting, labs_cgroup, tell_weaker
from deploy.host.faults import HostFault
from deploy.host.images import cache_folder, provide_images
from deploy.host.places import Places, closed_ancestor
from deploy.host.usage import USAGE
from deploy.host.words import complain, say

ROOT = Path(__file__).resolve().parent.parent.parent
LOOK = 0.1
"""Seconds between looks at a bot that starts."""
WATCH = 2.0
"""Seconds between looks at an engine that runs."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service manager, a closed terminal."""


class Stopped(BaseException):
    """Somebody wants everything to stop: Ctrl-C or SIGTERM."""


def main(arguments: list[str]) -> int:
    """Run until the bot ends or somebody stops it; the exit code says which (see `usage.py`)."""
    if arguments:
        asked = arguments[0] in ("--help", "-h")
        (print if asked else complain)(USAGE if asked else f"unknown argument {arguments[0]!r}; see deploy/run --help")
        return 0 if asked else 2
    started = time.monotonic()
    try:
        with ExitStack() as stack:
            _stop_on_signals()
            try:
                return _run(stack, started)
            finally:
                _hear_no_signals()
    except Stopped:
        say("stopped")
        return 0
    except HostFault as fault:
        complain(str(fault))
        return 1


def _run(stack: ExitStack, started: float) -> int:
    """Bring everything up, each thing with its own end on the stack, and stay until the bot ends."""
    if os.geteuid() != 0:
        raise HostFault("A Docker engine needs root: start this with sudo.")
    packages.widen_path()
    packages.forget_policy()
    places = Places.of(choose_state(os.environ, ROOT))
    settings = {"DOSIRAK_STATE": str(places.state)}
    places.prepare()
    _lock(places, stack)
    bot = Bot(places.state / "venv", places.state)
    bot.end_earlier()
    listen = os.environ.get("DOSIRAK_LISTEN") or LISTEN
    wait_until_free(listen)
    python = stack.enter_context(_python_environment(places))
    settings |= _engine(places, stack)
    if python.wait():
        return 1
    stack.callback(bot.stop)
    bot.start(settings)
    return _stay(bot, places, listen, started, private="DOSIRAK_NETNS" in settings)


def _engine(places: Places, stack: ExitStack) -> Mapping[str, str]:
    """An engine with its images: the private one, or the one that DOSIRAK_ENGINE names."""
    runtime = os.environ.get("DOSIRAK_RUNTIME") or "runc"
    if url := os.environ.get("DOSIRAK_ENGINE"):
        socket = external_socket(url)
        packages.install((*packages.image_needs(), *packages.PICTURES))
        information = fitting(socket, runtime)
        cgroup = labs_cgroup(information, places.name, os.environ.get("DOSIRAK_CGROUP"))
        tell_weaker(socket, information)
        kernel.tell(os.environ, userns="name=userns" in str(information.get("SecurityOptions")))
        provide_images(places, socket, cache=cache_folder(), registry=False)
        return {"DOSIRAK_CGROUP": cgroup}
    packages.install((*packages.engine_needs(), *packages.image_needs(), *packages.PICTURES))
    engine = Engine(places)
    stack.callback(engine.stop)
    if engine.start():
        say("the engine of an earlier start still runs; it goes on")
    kernel.tell(os.environ, userns=True)
    if runtime != "runc":
        fitting(engine.socket, runtime)
    provide_images(places, engine.socket, cache=cache_folder())
    return {
        "DOSIRAK_ENGINE": f"unix://{engine.socket}",
        "DOSIRAK_NETNS": str(places.namespace),
        "DOSIRAK_CGROUP": f"/{places.name}",
    }


def _stay(bot: Bot, places: Places, listen: str, started: float, *, private: bool) -> int:
    """Say when the bot answers, keep the engine alive, and return the bot's exit code when it ends by itself."""
    ready = False
    engine = Engine(places)
    while (code := bot.wait(WATCH if ready else LOOK)) is None:
        if not ready and listens(listen):
            ready = True
            where = "on Telegram" if os.environ.get("TELEGRAM_TOKEN") else f"chat page: http://{listen}/"
            say(f"ready after {time.monotonic() - started:.1f} s; {where} (Ctrl-C stops everything)")
        if private and (dead := engine.keep()):
            complain(f"{' and '.join(dead)} had ended and was started again; see {places.logs}")
    if code:
        complain(f"the bot ended by itself with exit code {code}")
    return code


def choose_state(variables: Mapping[str, str], root: Path) -> Path:
    """DOSIRAK_STATE, else `.state` in the repository; for one that containers may not enter, a folder in /var/lib."""
    usual = Path(variables.get("DOSIRAK_STATE") or root / ".state")
    if (closed := closed_ancestor(usual.resolve())) is None:
        return usual
    other = Path("/var/lib") / Places.of(usual).name
    say(f"containers may not enter {closed}, so everything is kept in {other} and not in {usual}")
    return other


@contextmanager
def _python_environment(places: Places) -> Iterator[subprocess.Popen[bytes]]:
    """The process that makes the bot's environment beside everything else; ended when we are stopped before it."""
    packages.install((packages.needs_venv(),))
    folder, requirements = places.state / "venv", environment.REQUIREMENTS
    command: tuple[str, ...] = ("true",)
    if not environment.fits(folder, requirements):
        command = (sys.executable, "-m", "deploy.host.environment", str(folder), str(requirements))
    process = subprocess.Popen(command, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _lock(places: Places, stack: ExitStack) -> None:
    """One launcher for each state folder; the lock goes with the process, however it ends."""
    file = stack.enter_context((places.state / "lock").open("a+"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        raise HostFault(
            f"Dosirak already runs on {places.state} (pid {file.read().strip() or 'unknown'}). "
            "Stop that one, or set DOSIRAK_STATE and DOSIRAK_LISTEN for a second one."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()


def _stop_on_signals() -> None:
    """The first Ctrl-C or SIGTERM unwinds the stack; the ones after it change nothing."""

    def stop(number: int, frame: FrameType | None) -> None:
        _hear_no_signals()
        say("stopping …")
        raise Stopped

    for kind in SIGNALS:
        signal.signal(kind, stop)


def _hear_no_signals() -> None:
    """What is being stopped is stopped to the end. Not SIG_IGN: Python complains of a signal that is on its way."""
    for kind in SIGNALS:
        signal.signal(kind, lambda number, frame: None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
