"""`deploy/bench`: sets up what the benchmarks need, then runs them in the bot's own environment."""

from __future__ import annotations

import os
import sys

from deploy.benchmarks.choices import USAGE, read_choices
from deploy.host import environment, packages
from deploy.host.faults import HostFault
from deploy.host.launch import ROOT, choose_state
from deploy.host.words import complain


def main(arguments: list[str]) -> int:
    """Replaces this process by the benchmarks; 1 where this machine cannot run them, 2 for a wrong argument."""
    try:
        choices = read_choices(arguments)
    except ValueError as error:
        complain(str(error))
        return 2
    if choices is None:
        print(USAGE)
        return 0
    try:
        python = _set_up()
    except HostFault as fault:
        complain(str(fault))
        return 1
    os.chdir(ROOT)
    os.execv(python, (python, "-m", "deploy.benchmarks.command", *arguments))


def _set_up() -> str:
    """Packages and environment, as `deploy/run` has them; the environment's Python."""
    if os.geteuid() != 0:
        raise HostFault("The benchmarks start private Docker engines: run this with sudo.")
    packages.widen_path()
    packages.forget_policy()
    packages.install((packages.needs_venv(), *packages.engine_needs(), *packages.image_needs(), *packages.PICTURES))
    folder = choose_state(os.environ, ROOT).absolute() / "venv"
    if not environment.fits(folder, environment.REQUIREMENTS):
        folder.parent.mkdir(parents=True, exist_ok=True)
        environment.make(folder, environment.REQUIREMENTS)
    return str(folder / "bin/python")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
