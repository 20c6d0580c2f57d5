"""What a container may mount: the lab's own named volumes, anonymous volumes, small tmpfs.

All travel as `Mounts` with the lab's labels in them, so the engine makes each volume labelled, anonymous ones included
(those the engine names and removes by itself with `--rm` and `rm -v`). `Binds` and `Volumes` are never sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.guard.names import new_name
from bot.guard.owner import ANONYMOUS_LABEL, WRITTEN_LABEL, Owner
from bot.guard.refusals import refuse
from bot.guard.rules import dropped, flag, read_fields, refused, text, whole, wrong_shape

MAX_MOUNTS = 8
MAX_PATH = 1024
TMPFS_BYTES = 32 * 1024 * 1024
"""A tmpfs counts as the container's memory; a quarter of it is enough for scratch files."""

_CLOSED = re.compile(r"/(?:proc|sys|dev)(?:/.*)?", re.ASCII | re.DOTALL)
_SIZE = re.compile(r"size=([1-9][0-9]{0,11})([kKmMgG]?)", re.ASCII)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount as the learner asked for it; `source` None is an anonymous volume."""

    target: str
    source: str | None = None
    read_only: bool = False
    tmpfs_bytes: int = 0
    no_copy: bool = False
    bind: bool = False
    """Whether it was written as a bind (`-v data:/path`), not as a mount."""

    def upstream(self, owner: Owner) -> dict[str, Any]:
        """The engine's Mount, labelled as the lab's."""
        common = {"Target": self.target, "ReadOnly": self.read_only}
        if self.tmpfs_bytes:
            return {"Type": "tmpfs", "TmpfsOptions": {"SizeBytes": self.tmpfs_bytes}, **common}
        labels = owner.labels() | ({ANONYMOUS_LABEL: "1"} if self.source is None else {})
        labels |= {WRITTEN_LABEL: "bind"} if self.bind else {}
        source = {} if self.source is None else {"Source": owner.prefix + self.source}
        return {"Type": "volume", **source, **common, "VolumeOptions": {"NoCopy": self.no_copy, "Labels": labels}}


def target(path: str, feature: str = "mount") -> str:
    """An absolute path inside the container that is neither its root nor the kernel's file systems."""
    parts = [part for part in path.split("/") if part]
    clean = "/" + "/".join(parts)
    if not path.startswith("/") or len(path) > MAX_PATH or not parts or ".." in parts or "." in parts or ":" in path:
        raise refuse(feature, path[:60], 400)
    if _CLOSED.fullmatch(clean):
        raise refuse(feature, path[:60])
    return clean


def anonymous(value: Any) -> tuple[Mount, ...]:
    """Rule for `Volumes`: a map from a path to {}."""
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise wrong_shape("Volumes")
    return tuple(Mount(target(path)) for path in value)


def binds(value: Any) -> tuple[Mount, ...]:
    """Rule for `Binds`: `volume:/path[:ro|rw|nocopy|z|Z]`; a source that is a path is the host's, and is refused."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise wrong_shape("Binds")
    return tuple(_bind(item) for item in value)


def _bind(item: str) -> Mount:
    source, colon, rest = item.partition(":")
    if not colon:
        return Mount(target(source))
    path, _, options = rest.partition(":")
    if source[:1] in ("/", ".", "~", "\\", "") or "/" in source or "\\" in source or path[:1] == "\\":
        raise refuse("bind", source[:60])
    words = set(options.split(",")) - {"", "rw", "z", "Z"}
    if words - {"ro", "nocopy"}:
        raise refuse("mount", options[:60])
    return Mount(target(path), new_name(source, "volume"), "ro" in words, no_copy="nocopy" in words, bind=True)


def mounts(value: Any) -> tuple[Mount, ...]:
    """Rule for `Mounts`: volumes and tmpfs, no driver, no options."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise wrong_shape("Mounts")
    return tuple(_mount(item) for item in value)


_VOLUME_OPTIONS = {
    "NoCopy": flag,
    "Labels": refused("mount"),
    "DriverConfig": refused("volume-driver"),
    "Subpath": refused("mount"),
}
_TMPFS_OPTIONS = {"SizeBytes": whole(1, TMPFS_BYTES, "tmpfs"), "Mode": dropped, "Options": refused("tmpfs")}
_MOUNT = {
    "Type": text(16),
    "Source": text(MAX_PATH),
    "Target": text(MAX_PATH),
    "ReadOnly": flag,
    "Consistency": dropped,
    "BindOptions": refused("bind"),
    "ImageOptions": refused("mount"),
    "ClusterOptions": refused("mount"),
    "VolumeOptions": lambda value: read_fields(value, _VOLUME_OPTIONS, "VolumeOptions"),
    "TmpfsOptions": lambda value: read_fields(value, _TMPFS_OPTIONS, "TmpfsOptions"),
}


def _mount(item: Any) -> Mount:
    fields = read_fields(item, _MOUNT, "Mounts")
    kind, source = fields["Type"], fields["Source"]
    if kind == "tmpfs" and not source:
        size = fields["TmpfsOptions"]["SizeBytes"] or TMPFS_BYTES
        return Mount(target(fields["Target"], "tmpfs"), None, fields["ReadOnly"], size)
    if kind != "volume":
        raise refuse("bind" if kind == "bind" else "mount", kind)
    name = new_name(source, "volume") if source else None
    return Mount(target(fields["Target"]), name, fields["ReadOnly"], no_copy=fields["VolumeOptions"]["NoCopy"])


def tmpfs(value: Any) -> tuple[Mount, ...]:
    """Rule for `Tmpfs`: a map from a path to mount options; only `rw`, `noexec`-like words and `size=` pass."""
    if value is None:
        return ()
    if not isinstance(value, dict) or not all(isinstance(options, str) for options in value.values()):
        raise wrong_shape("Tmpfs")
    return tuple(Mount(target(path, "tmpfs"), tmpfs_bytes=_tmpfs_size(options)) for path, options in value.items())


def _tmpfs_size(options: str) -> int:
    size = TMPFS_BYTES
    for word in filter(None, options.split(",")):
        match = _SIZE.fullmatch(word)
        if match is None and word not in ("rw", "noexec", "nosuid", "nodev"):
            raise refuse("tmpfs", word[:40])
        if match is not None:
            size = int(match[1]) * _UNITS[match[2].lower()]
    if size > TMPFS_BYTES:
        raise refuse("tmpfs", options[:40])
    return size


def together(wanted: Iterable[Mount], image_volumes: Iterable[str]) -> tuple[Mount, ...]:
    """All mounts of a container, the image's own VOLUMEs included where nothing else is mounted."""
    chosen: dict[str, Mount] = {}
    for mount in wanted:
        before = chosen.get(mount.target)
        if before is not None and before.source is not None and mount.source is not None:
            raise refuse("mount", f"Duplicate mount point: {mount.target}", 400)
        if before is None or before.source is None:
            chosen[mount.target] = mount
    for path in image_volumes:
        clean = "/" + "/".join(part for part in path.split("/") if part)
        chosen.setdefault(clean, Mount(target(clean)))
    if len(chosen) > MAX_MOUNTS:
        raise refuse("too-much", f"{len(chosen)} mounts, at most {MAX_MOUNTS}", 400)
    return tuple(chosen.values())
