"""What this machine needs from its distribution, and how it gets there without starting anything."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.host.faults import HostFault
from deploy.host.words import complain, telling

POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = """\
#!/bin/sh
# Dosirak's launcher put this here while it installs packages, so that no service starts. Safe to delete.
exit 101
"""
SERVICES = ("docker.socket", "docker.service", "containerd.service", "docker-registry.service")
FONTS = Path("/usr/share/fonts")


@dataclass(frozen=True, slots=True)
class Need:
    """Something that must be on the machine, and the packages that bring it (the first that the system knows)."""

    name: str
    packages: tuple[str, ...]
    there: Callable[[], bool]


def program(name: str, *packages: str) -> Need:
    return Need(name, packages or (name,), lambda: shutil.which(name) is not None)


def font(file_pattern: str, package: str) -> Need:
    return Need(package, (package,), lambda: next(FONTS.rglob(file_pattern), None) is not None)


def needs_venv() -> Need:
    """The standard library's venv, which Debian keeps in a package of its own."""
    major_minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    there = importlib.util.find_spec("ensurepip") is not None
    return Need("python3-venv", (f"python{major_minor}-venv", "python3-venv"), lambda: there)


def widen_path() -> None:
    """Find the programs of administrators too: an ordinary user's PATH leaves the sbin folders out."""
    folders = os.environ.get("PATH", "/usr/bin:/bin").split(os.pathsep)
    more = [folder for folder in ("/usr/local/sbin", "/usr/sbin", "/sbin") if folder not in folders]
    os.environ["PATH"] = os.pathsep.join((*folders, *more))


def engine_needs() -> tuple[Need, ...]:
    """Programs of the private engine and of the image builder."""
    needs = [
        program("dockerd", "docker.io"),
        program("containerd"),
        program("docker-registry"),
        program("iptables"),
        program("ip", "iproute2"),
        program("nsenter", "util-linux"),
    ]
    apparmor = Path("/sys/module/apparmor/parameters/enabled")
    if apparmor.exists() and apparmor.read_text().startswith("Y"):
        # The engine starts no container on such a kernel unless it can load its profile.
        needs.append(program("apparmor_parser", "apparmor"))
    return tuple(needs)


def image_needs() -> tuple[Need, ...]:
    """Programs that the images are built with; the CLI goes into the toolbox."""
    return program("docker", "docker-cli", "docker.io"), program("apt-get", "apt"), program("dpkg-deb", "dpkg")


PICTURES = (font("NanumGothicCoding.ttf", "fonts-nanum"),)
"""For drawings of a terminal's screen, Korean included."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = (
    Need("chromium", ("chromium",), lambda: find_browser() is not None),
    font("NanumGothic.ttf", "fonts-nanum"),
    font("NotoColorEmoji.ttf", "fonts-noto-color-emoji"),
)
"""For tests of the chat page."""


def find_browser() -> str | None:
    """A Chromium that tests can drive. Ubuntu's package is none: it leads to a snap, which is shut in its own files."""
    found = (shutil.which(name) for name in BROWSERS)
    return next((path for path in found if path is not None and not _leads_to_snap(Path(path))), None)


def _leads_to_snap(program: Path) -> bool:
    real = program.resolve()
    with real.open("rb") as file:
        start = file.read(4096)
    return real.name == "snap" or real.is_relative_to("/snap") or (start[:2] == b"#!" and b"/snap/" in start)


def demand_browser() -> None:
    """Raises HostFault where the system has no package that brings a browser."""
    if find_browser() is None and _known_as("ubuntu"):
        raise HostFault(
            "Ubuntu has Chromium only as a snap, which tests cannot drive: install a Chromium or Google Chrome from a "
            f".deb, so that one of {', '.join(BROWSERS)} is found on root's PATH, then start again."
        )


def install(needs: tuple[Need, ...]) -> None:
    """Install what is missing; raises HostFault where that cannot be done. Nothing missing costs a millisecond."""
    missing = [need for need in needs if not need.there()]
    if not missing:
        return
    names = ", ".join(need.name for need in missing)
    if os.geteuid() != 0:
        raise HostFault(f"Missing on this machine: {names}. Run this as root, so that they can be installed.")
    if shutil.which("apt-get") is None:
        raise HostFault(
            f"Missing on this machine: {names}. Only Debian 12/13 and Ubuntu 24.04 are set up by themselves "
            f"(this is {_system()}): install them in this system's way, then start again."
        )
    with telling(f"installing from this system's packages: {names}"):
        with no_service_starts():
            _install([need.packages for need in missing])
    if still := [need.name for need in missing if need.name != "python3-venv" and not need.there()]:
        raise HostFault(f"Installed, but still missing: {', '.join(still)}. Is this {_system()} a supported system?")


def _install(choices: list[tuple[str, ...]]) -> None:
    services = [name for name in SERVICES if not _known_service(name)]
    _apt("update")
    packages = sorted({_available(choice) for choice in choices})
    _apt("install", "--yes", "--no-install-recommends", *packages)
    if shutil.which("systemctl") and (new := [name for name in services if _known_service(name)]):
        # They came with the packages; whoever wants them for their own use can enable them.
        subprocess.run(("systemctl", "disable", "--now", *new), capture_output=True)


@contextmanager
def no_service_starts() -> Iterator[None]:
    """Debian's switch for "install, but do not start": present for the length of the block, never left behind."""
    forget_policy()
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text(POLICY_TEXT)
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)


def forget_policy() -> None:
    """Remove the switch that a killed launcher could not remove; someone else's stays."""
    if POLICY.exists() and POLICY.read_text() == POLICY_TEXT:
        POLICY.unlink()


def _apt(*arguments: str) -> None:
    # Another apt may hold the lock for a while on a machine that just booted.
    command = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", *arguments)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
    if result.returncode:
        complain(result.stderr.strip()[-800:])
        raise HostFault(f"`apt-get {arguments[0]}` failed, see above. Is there a network? Then start again.")


def _available(choice: tuple[str, ...]) -> str:
    """The first of these packages that this system knows."""
    for package in choice:
        result = subprocess.run(("apt-cache", "show", "--no-all-versions", package), capture_output=True)
        if result.returncode == 0 and result.stdout.strip():
            return package
    return choice[-1]


def _known_service(name: str) -> bool:
    return any(Path(folder, name).exists() for folder in ("/lib/systemd/system", "/etc/systemd/system"))


def _known_as(system: str) -> bool:
    try:
        return platform.freedesktop_os_release().get("ID") == system
    except OSError:
        return False


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        return platform.system()
