"""A private engine for as long as a `with` block lasts: for tests and benchmarks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.host.engine import Engine
from deploy.host.faults import HostFault
from deploy.host.images import cache_folder, provide_images
from deploy.host.packages import widen_path
from deploy.host.places import Places

PROGRAMS = ("dockerd", "containerd", "docker-registry", "docker", "iptables", "ip", "nsenter")


@dataclass(frozen=True, slots=True)
class EngineHost:
    """An engine: socket, network namespace, the registry's address as the engine sees it, state folder, cgroup."""

    socket: Path
    network_namespace: Path | None
    registry: str
    state: Path
    cgroup: str


@contextmanager
def temporary_engine(cache: Path | None = None) -> Iterator[EngineHost]:
    """An engine with the toolbox image, and the sample images in its registry; nothing of it is left afterwards.

    Raises HostFault where this machine cannot have one.
    """
    _demand_programs()
    state = Path(tempfile.mkdtemp(prefix="dosirak-"))
    places = Places.of(state)
    engine = Engine(places)
    try:
        engine.start()
        provide_images(places, engine.socket, cache=cache or cache_folder())
        yield EngineHost(engine.socket, places.namespace, places.registry, state, f"/{places.name}")
    finally:
        engine.stop()
        shutil.rmtree(state, ignore_errors=True)


def _demand_programs() -> None:
    widen_path()
    if os.geteuid() != 0:
        raise HostFault("A private Docker engine needs root: run deploy/test (or pytest) as root.")
    if gone := [program for program in PROGRAMS if shutil.which(program) is None]:
        raise HostFault(f"These programs are missing: {', '.join(gone)}. deploy/test installs them.")
