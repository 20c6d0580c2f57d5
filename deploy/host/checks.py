"""`deploy/test`: sets up what the tests need, then lint, format, types and tests, in this order of speed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from deploy.host import environment, packages
from deploy.host.faults import HostFault
from deploy.host.launch import ROOT
from deploy.host.words import complain, say

USAGE = """\
deploy/test: set up and run every check: ruff, mypy, then pytest.

    sudo deploy/test                       everything
    sudo deploy/test tests/guard -k label  these arguments go to pytest; the other checks run too
"""


def main(arguments: list[str]) -> int:
    """0 when everything passed, else the exit code of the last check that did not (all of them run)."""
    if arguments and arguments[0] in ("--help", "-h"):
        print(USAGE)
        return 0
    try:
        python = _set_up()
    except HostFault as fault:
        complain(str(fault))
        return 1
    code = 0
    for command in checks(arguments):
        say(" ".join(command))
        code = subprocess.run((python, "-m", *command), cwd=ROOT).returncode or code
    return code


def checks(arguments: list[str]) -> tuple[tuple[str, ...], ...]:
    """Modules to run in the environment, with their arguments. pytest is last, so that its closing line is too."""
    return (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("mypy", "--explicit-package-bases", "--strict", "deploy"),
        ("pytest", *arguments),
    )


def _set_up() -> Path:
    """Packages and environment; the environment's Python. Raises HostFault where this machine cannot run the tests."""
    if os.geteuid() != 0:
        raise HostFault("The tests start a private Docker engine: run this with sudo.")
    packages.widen_path()
    packages.forget_policy()
    packages.demand_browser()
    needs = (*packages.engine_needs(), *packages.image_needs(), *packages.PICTURES, *packages.BROWSER)
    packages.install((packages.needs_venv(), *needs))
    folder = Path(os.environ.get("DOSIRAK_STATE") or ROOT / ".state").absolute() / "venv-test"
    if not environment.fits(folder, environment.TEST_REQUIREMENTS):
        folder.parent.mkdir(parents=True, exist_ok=True)
        environment.make(folder, environment.TEST_REQUIREMENTS)
    return folder / "bin/python"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
