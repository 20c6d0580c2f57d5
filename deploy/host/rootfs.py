"""Root folders for images, cut out of the distribution's own packages: chosen files and the libraries they need.

Nothing is installed: apt resolves against an empty machine and downloads, in about a second where the mirror is near.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from deploy.host.faults import HostFault

MERGED = ("bin", "sbin", "lib", "lib64")
"""Names at the root that lead into /usr on the systems that we support."""
NEVER = ("usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*", "usr/share/perl/*")


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages unpacked into one root, with the paths that each brought."""

    root: Path
    paths: Mapping[str, frozenset[str]]

    def choose(self, wanted: Iterable[tuple[str, str]], target: Path) -> None:
        """Copy the files that match (package, glob), and every shared library that they need, into `target`."""
        for package, glob in wanted:
            matching = [path for path in self.paths.get(package, ()) if fnmatchcase(path, glob)]
            if not matching:
                raise HostFault(f"The package {package} of this system has no file {glob}: the image cannot be built.")
            for path in matching:
                self._copy(path, target)

    def _copy(self, path: str, target: Path) -> None:
        """Copy one path, what it links to, and its libraries; what is there already is done."""
        source, destination = self.root / path, target / path
        if destination.is_symlink() or destination.exists() or source.is_dir():
            return
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, destination, follow_symlinks=False)
        if source.is_symlink():
            self._copy(self._inside(source.parent / source.readlink()), target)
        elif _is_elf(source):
            for library in self._libraries(path):
                self._copy(library, target)

    def _libraries(self, path: str) -> list[str]:
        """What the dynamic loader of the unpacked C library says that this program or module loads."""
        loader = next(iter(sorted(self.root.glob("lib*/ld-linux-*.so.*"))))
        command = ("chroot", str(self.root), f"/{loader.relative_to(self.root)}", "--list", f"/{path}")
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            return []  # a static program
        found = re.findall(r"(/\S+) \(0x", result.stdout)
        return [self._inside(self.root / name.lstrip("/")) for name in found]

    def _inside(self, path: Path) -> str:
        """The path below the root, written through /usr where the root merges it; absolute links start at the root."""
        text = str(path)
        if text.startswith(f"{self.root}/"):
            text = text.removeprefix(f"{self.root}/")
        return merged(str(Path("/", text).resolve().relative_to("/")) if ".." in text else text.lstrip("/"))


def merged(path: str) -> str:
    """`lib/x` as `usr/lib/x`: the one spelling of a path in a merged root."""
    path = path.removeprefix("./").strip("/")
    return f"usr/{path}" if path.split("/")[0] in MERGED else path


def skeleton(root: Path) -> None:
    """The folders and few files that every root has."""
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(f"usr/{name}")
    for name in ("dev", "etc", "home", "proc", "root", "run", "sys", "tmp", "usr/local/bin", "var/log", "var/tmp"):
        (root / name).mkdir(parents=True)
    (root / "root").chmod(0o700)
    for name in ("tmp", "var/tmp"):
        (root / name).chmod(0o1777)
    (root / "var/run").symlink_to("/run")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:www:/var:/bin/false\n")
    (root / "etc/group").write_text("root:x:0:\nwww:x:33:\ntty:x:5:\n")
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")


def fetch(packages: Iterable[str], folder: Path) -> Packages:
    """Download these packages and all that they depend on, and unpack them into `folder/root`."""
    archives = folder / "archives"
    (archives / "partial").mkdir(parents=True)
    (folder / "status").touch()
    command = (
        *("apt-get", "install", "--yes", "--quiet", "--download-only", "--no-install-recommends"),
        *("-o", f"Dir::State::status={folder / 'status'}"),
        *("-o", f"Dir::Cache::archives={archives}/"),
        *("-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=root"),
        *sorted(set(packages)),
    )
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise HostFault(
            "The packages for the images could not be downloaded. Is there a network? Try `apt-get update`. "
            f"apt-get says: {result.stderr.strip()[-400:]}"
        )
    root = folder / "root"
    root.mkdir()
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    return Packages(root, {deb.name.partition("_")[0]: _unpack(deb, root) for deb in sorted(archives.glob("*.deb"))})


def _unpack(deb: Path, root: Path) -> frozenset[str]:
    """Unpack one package; the paths it brought."""
    stream = subprocess.Popen(("dpkg-deb", "--fsys-tarfile", str(deb)), stdout=subprocess.PIPE)
    command = ("tar", "-xv", "--keep-directory-symlink", "-C", str(root), *(f"--exclude=./{glob}" for glob in NEVER))
    listing = subprocess.run(command, stdin=stream.stdout, capture_output=True, text=True)
    if stream.stdout:
        stream.stdout.close()
    if stream.wait() or listing.returncode:
        raise HostFault(f"The package {deb.name} could not be unpacked: {listing.stderr.strip()[-300:]}")
    return frozenset(merged(line) for line in listing.stdout.splitlines() if not line.endswith("/"))


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
