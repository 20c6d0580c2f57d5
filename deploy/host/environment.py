"""The Python environment of the bot: pinned requirements with hashes, made once, checked by a stamp.

Run as a program (`python -m deploy.host.environment FOLDER REQUIREMENTS`) it works beside the launcher, which meanwhile
brings up the engine.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from deploy.host.faults import HostFault
from deploy.host.words import complain, telling

DEPLOY = Path(__file__).resolve().parent.parent
REQUIREMENTS = DEPLOY / "requirements.txt"
TEST_REQUIREMENTS = DEPLOY / "requirements-test.txt"


def wanted_stamp(requirements: Path) -> str:
    """What decides whether an environment still fits: the requirements, and the Python that it was made with."""
    return f"{sys.version} {sys.base_prefix} {hashlib.sha256(requirements.read_bytes()).hexdigest()}"


def fits(folder: Path, requirements: Path) -> bool:
    """Whether the environment in `folder` was completed for these requirements and this Python."""
    stamp = folder / "stamp"
    return stamp.exists() and stamp.read_text() == wanted_stamp(requirements) and (folder / "bin/python").exists()


def make(folder: Path, requirements: Path) -> None:
    """Make it anew; raises HostFault with pip's own words."""
    with telling("making the Python environment"):
        _run("venv", "--clear", str(folder))
        pip = ("--disable-pip-version-check", "--no-input", "--quiet")
        install = ("install", "--require-hashes", "--no-deps", "--requirement", str(requirements))
        _run("pip", *pip, *install, python=folder / "bin/python")
        (folder / "stamp").write_text(wanted_stamp(requirements))


def _run(module: str, *arguments: str, python: Path = Path(sys.executable)) -> None:
    result = subprocess.run((python, "-m", module, *arguments), capture_output=True, text=True)
    if result.returncode:
        complain((result.stderr or result.stdout).strip()[-800:])
        advice = "install python3-venv" if module == "venv" else "is there a network?"
        raise HostFault(f"The Python environment could not be made ({module} failed, see above): {advice}")


def main(arguments: list[str]) -> int:
    """Make the environment; 1 when it could not be made."""
    folder, requirements = map(Path, arguments)
    try:
        make(folder, requirements)
    except HostFault as fault:
        complain(str(fault))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
