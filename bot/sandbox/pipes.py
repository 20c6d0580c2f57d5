"""Whether an engine that came back holds the ends of a container's terminal."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

ENGINE = "dockerd"


def lost(engine_pid: int, container_id: str) -> bool:
    """Whether this dockerd took over a running container without its pipes (`…/<id>…/init-stdout`).

    It does so, and says nothing, when the container's shim did not answer it at its start. False also when nobody can
    tell: a socket that systemd listens at, another program than dockerd.
    """
    process = Path(f"/proc/{engine_pid}")
    with suppress(OSError):
        if (process / "comm").read_text().strip() == ENGINE:
            return not any(container_id in target for target in _open_files(process / "fd"))
    return False


def _open_files(folder: Path) -> list[str]:
    targets = []
    for entry in folder.iterdir():
        with suppress(FileNotFoundError):  # Closed meanwhile.
            targets.append(str(entry.readlink()))
    return targets
