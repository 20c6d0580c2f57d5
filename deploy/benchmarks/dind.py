"""What a learner with an engine of their own costs: dockerd and its containerd, idle, as Docker-in-Docker runs them."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.benchmarks.weight import NOTHING, Weight, weigh
from deploy.host import leftovers
from deploy.host.daemons import POLL, Daemon
from deploy.host.engine import START_LIMIT
from deploy.host.engine_api import answers
from deploy.host.faults import HostFault
from deploy.host.namespace import inside, make_namespace, remove_namespace
from deploy.host.places import Places


def idle_pairs(count: int, idle_seconds: float) -> list[Weight]:
    """Start pairs, each in a network namespace of its own, wait, and weigh each by its two pids; nothing is left."""
    with tempfile.TemporaryDirectory(prefix="dosirak-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o711)  # an engine's folder must be open to containers' users
        programs = _copies(Path(folder))
        pairs = [stack.enter_context(_running(Path(folder) / str(number), programs)) for number in range(count)]
        time.sleep(idle_seconds)
        return [sum((weigh(_pid(daemon)) for daemon in pair), start=NOTHING) for pair in pairs]


def _copies(folder: Path) -> dict[str, Path]:
    """Programs of their own, as from an image: else their pages would be shared with other engines of the machine."""
    found = {name: shutil.which(name) for name in ("containerd", "dockerd")}
    return {name: Path(shutil.copy2(path, folder)) for name, path in found.items() if path is not None}


@contextmanager
def _running(folder: Path, programs: Mapping[str, Path]) -> Iterator[tuple[Daemon, Daemon]]:
    places = Places.of(folder)
    containerd = _daemon(places, programs["containerd"], places.run / "containerd.toml", "--config")
    dockerd = _daemon(places, programs["dockerd"], places.run / "dockerd.json", "--config-file")
    try:
        _start(places, (containerd, dockerd))
        yield containerd, dockerd
    finally:
        _stop(places, (containerd, dockerd))


def _daemon(places: Places, program: Path, configuration: Path, option: str) -> Daemon:
    return Daemon(
        name=program.name,
        command=inside(places, str(program), option, str(configuration)),
        mark=str(configuration),
        pid_file=places.run / f"{program.name}-benchmark.pid",
        log=places.logs / f"{program.name}.log",
    )


def _start(places: Places, pair: tuple[Daemon, Daemon]) -> None:
    """With the defaults of `docker:dind`: a bridge, iptables rules, and no plugin for Kubernetes."""
    places.prepare()
    make_namespace(places)
    (places.run / "containerd.toml").write_text(
        "version = 2\n"
        f"root = {json.dumps(str(places.containerd_data))}\n"
        f"state = {json.dumps(str(places.run / 'containerd'))}\n"
        'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]\n'
        f"[grpc]\naddress = {json.dumps(str(places.containerd_socket))}\n"
    )
    settings = {
        "data-root": str(places.engine_data),
        "exec-root": str(places.run / "exec"),
        "pidfile": str(places.run / "dockerd.pid"),
        "group": "root",
        "hosts": [f"unix://{places.engine_socket}"],
        "containerd": str(places.containerd_socket),
    }
    (places.run / "dockerd.json").write_text(json.dumps(settings))
    for daemon in pair:
        daemon.start()
    deadline = time.monotonic() + START_LIMIT
    while not answers(places.engine_socket):
        if time.monotonic() > deadline:
            raise HostFault(f"the second engine does not answer: {pair[1].last_words()}")
        time.sleep(POLL)


def _pid(daemon: Daemon) -> int:
    pid = daemon.pid()
    if pid is None:
        raise HostFault(f"{daemon.name} of the second engine ended: {daemon.last_words()}")
    return pid


def _stop(places: Places, pair: tuple[Daemon, Daemon]) -> None:
    containerd, dockerd = pair
    dockerd.stop(grace=5.0)
    containerd.stop(grace=2.0)
    leftovers.unmount(places)
    remove_namespace(places)
    leftovers.remove_cgroups(places)
    leftovers.remove_run_folder(places)
