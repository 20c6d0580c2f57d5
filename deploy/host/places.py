"""Where one state folder keeps its things. Two state folders share nothing."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import Path

from deploy.host.faults import HostFault

REGISTRY_PORT = 5000
"""The registry has its network namespace to itself, so its port can be the well-known one."""


@dataclass(frozen=True, slots=True)
class Places:
    """All paths that follow from a state folder; make one with `Places.of`."""

    state: Path

    @classmethod
    def of(cls, state: Path) -> Places:
        """The places of this folder, by its real absolute path (two spellings of one folder are one)."""
        return cls(state.expanduser().resolve())

    @property
    def name(self) -> str:
        """`dosirak-` and 8 hex digits: unique for a state folder, short enough for sockets and namespaces."""
        return "dosirak-" + hashlib.sha256(bytes(self.state)).hexdigest()[:8]

    @property
    def run(self) -> Path:
        """Sockets, pid files and mounts that must not outlive a boot.

        Not inside the state folder: a unix socket's path has at most 107 bytes, and containerd adds 40 of its own.
        """
        return Path("/run") / self.name

    @property
    def namespace(self) -> Path:
        """The network namespace of the engine, where `ip netns` keeps them."""
        return Path("/run/netns") / self.name

    @property
    def engine_socket(self) -> Path:
        return self.run / "docker.sock"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd.sock"

    @property
    def engine_data(self) -> Path:
        return self.state / "engine"

    @property
    def containerd_data(self) -> Path:
        return self.state / "containerd"

    @property
    def registry_data(self) -> Path:
        return self.state / "registry"

    @property
    def programs(self) -> Path:
        """What the engine runs in place of the machine's own; not in `run`, from which nothing may be executed."""
        return self.state / "programs"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def registry(self) -> str:
        """The registry's address as the engine sees it."""
        return f"127.0.0.1:{REGISTRY_PORT}"

    def prepare(self) -> None:
        """Make the folders; raises HostFault where the state folder's place cannot hold an engine."""
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            # Remapped container users have to pass through; they need not list.
            for folder in (self.state, self.run):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o711)
            for folder in (self.engine_data, self.containerd_data, self.registry_data, self.programs, self.logs):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            raise HostFault(f"The state folder {self.state} cannot be made: {error.strerror}.") from error
        if (closed := closed_ancestor(self.state)) is not None:
            raise HostFault(
                f"The state folder {self.state} lies in {closed}, which other users may not enter, and containers "
                f"run as such users. Set DOSIRAK_STATE to another folder (say /var/lib/dosirak), or: chmod o+x {closed}"
            )


def quoted(text: str) -> str:
    """The text between quotes, as TOML and YAML both read it: JSON, but no halves of characters beyond 16 bits."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def closed_ancestor(folder: Path) -> Path | None:
    """The first folder on the way that a remapped container user may not pass through; None: the way is open."""
    for ancestor in reversed(folder.parents):
        if ancestor.exists() and not ancestor.stat().st_mode & stat.S_IXOTH:
            return ancestor
    return None
