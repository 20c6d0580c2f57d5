"""The sample and toolbox images: built once from packages, kept in a cache, placed into an engine in no time.

A build makes two things: the registry's storage with the sample images in it, and the toolbox as an archive. Placing
copies the first and loads the second. The cache's key is a hash of everything that goes in, so nothing ever goes stale.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.host.engine_api import Images
from deploy.host.faults import HostFault
from deploy.host.places import Places
from deploy.host.rootfs import Packages, fetch, skeleton
from deploy.host.words import telling

SOURCES = Path(__file__).resolve().parent.parent / "images"
LAYER = "dosirak/busybox:latest"
SAMPLES = {
    "hello": "diamol/ch02-hello-diamol:latest",
    "base": "diamol/base:latest",
    "web": "diamol/ch02-hello-diamol-web:latest",
}
TOOLBOX = "dosirak/toolbox:latest"
DOCKER_CLI = Path("/usr/bin/docker")
"""The distribution's own CLI goes into the toolbox: it is on this machine, and fits its C library."""


def cache_folder() -> Path:
    """Where built images are kept across state folders: `$XDG_CACHE_HOME/dosirak`, else `~/.cache/dosirak`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dosirak"


def images_key(sources: Path = SOURCES) -> str:
    """A hash of all that decides how the images come out: their sources, this code, the system, the CLI."""
    digest = hashlib.sha256()
    inputs = {str(path.relative_to(sources)): path for path in sources.rglob("*") if path.is_file()}
    inputs |= {name: Path(__file__).with_name(name) for name in ("images.py", "rootfs.py")}
    for name, file in sorted(inputs.items()):
        digest.update(f"{name} {file.stat().st_mode:o}\n".encode() + file.read_bytes())
    system = platform.freedesktop_os_release()
    cli = DOCKER_CLI.stat() if DOCKER_CLI.exists() else None
    digest.update(f"{system.get('ID')} {system.get('VERSION_ID')} {platform.machine()}".encode())
    digest.update(f"{cli.st_size} {int(cli.st_mtime)}".encode() if cli else b"no cli")
    return digest.hexdigest()[:16]


def provide_images(places: Places, socket: Path, *, cache: Path, registry: bool = True) -> None:
    """See to it that the engine has the toolbox, and its registry (else the engine itself) the sample images."""
    key, stamp = images_key(), places.state / "images.key"
    images = Images(socket)
    if stamp.exists() and stamp.read_text() == key and images.has(TOOLBOX):
        return
    kept = cache / f"images-{key}"
    if not (kept / "registry").exists() and (registry or not kept.exists()):
        with telling("building the images from this system's packages"):
            build_images(images, places if registry else None, kept)
    with telling("placing the images"):
        os.utime(kept)
        images.load(kept / "toolbox.tar")
        if registry:
            shutil.copytree(kept / "registry", places.registry_data, dirs_exist_ok=True)
        else:
            images.load(kept / "samples.tar")
    stamp.write_text(key)


def build_images(images: Images, places: Places | None, kept: Path) -> None:
    """Build all images on an engine and put them into `kept`, which appears only when it is complete.

    With the places of a private engine they also go through its registry, whose storage is kept too.
    """
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="images-", dir=kept.parent) as folder:
        work = Path(folder)
        packages = fetch(_packages(), work / "packages")
        for name, reference in {"busybox": LAYER, **SAMPLES, "toolbox": TOOLBOX}.items():
            images.build(reference, _context(name, packages, work))
            # Lists of images are sorted by whole seconds: two of one second would change places from call to call.
            time.sleep(1.0)
        fresh = work / "kept"
        fresh.mkdir()
        images.save((TOOLBOX,), fresh / "toolbox.tar")
        images.save(tuple(SAMPLES.values()), fresh / "samples.tar")
        if places is not None:
            for reference in SAMPLES.values():
                images.push(reference, places.registry)
            shutil.copytree(places.registry_data, fresh / "registry")
        # A learner's first pull has to be a real one.
        for reference in (*SAMPLES.values(), LAYER):
            images.remove(reference)
        _forget_unused(kept.parent)
        with contextlib.suppress(OSError):  # another launcher was faster
            fresh.rename(kept)


def _context(name: str, packages: Packages, work: Path) -> Path:
    """The build context of an image as a tar file: its sources, and `rootfs.tar` where it takes files from packages."""
    context = work / name
    shutil.copytree(SOURCES / name, context)
    if (SOURCES / name / "files.txt").exists():
        root = work / f"{name}-root"
        root.mkdir()
        if name != "web":  # web stands on the busybox layer
            skeleton(root)
        packages.choose(wanted_files(name), root)
        _add_names(root)
        if name == "toolbox":
            _fit_toolbox(root)
            shutil.copy2(DOCKER_CLI.resolve(), context / "docker")
        _tar(root, context / "rootfs.tar")
    _tar(context, work / f"{name}.tar")
    return work / f"{name}.tar"


def _fit_toolbox(root: Path) -> None:
    """The socket where the CLI looks for it: the lab's folder with the gate's socket is mounted at /run/dosirak."""
    (root / "run/dosirak").mkdir()
    (root / "run/docker.sock").symlink_to("dosirak/docker.sock")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")


def wanted_files(name: str) -> Iterator[tuple[str, str]]:
    """The (package, glob) pairs of an image's `files.txt`."""
    for line in (SOURCES / name / "files.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            package, _, globs = line.partition(":")
            for glob in globs.split():
                yield package, glob


def _packages() -> set[str]:
    return {package for name in ("busybox", "web", "toolbox") for package, _ in wanted_files(name)}


def _add_names(root: Path) -> None:
    """Links for the names that programs are called by: every applet of busybox that is no program of its own."""
    programs = root / "usr/bin"
    for name, target in (("sh", "bash"), ("vi", "vim.tiny"), ("awk", "mawk")):
        if (programs / target).exists():
            (programs / name).symlink_to(target)
    if (busybox := programs / "busybox").exists():
        applets = subprocess.run((busybox, "--list"), capture_output=True, text=True, check=True).stdout.split()
        for applet in applets:
            if not (programs / applet).exists():
                (programs / applet).symlink_to("busybox")


def _tar(folder: Path, target: Path) -> None:
    command = ("tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-cf", target, "-C", folder, ".")
    if (result := subprocess.run(command, capture_output=True, text=True)).returncode:
        raise HostFault(f"{target.name} could not be packed: {result.stderr.strip()}")


def _forget_unused(cache: Path) -> None:
    """Remove what no start has used for a month: images of earlier versions of the sources."""
    for folder in cache.glob("images-*"):
        if time.time() - folder.stat().st_mtime > 30 * 86400:
            shutil.rmtree(folder, ignore_errors=True)
