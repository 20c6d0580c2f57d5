"""The private engine of one state folder: containerd, dockerd and the registry in a network namespace of their own.

Whoever owns this machine may run a Docker of their own: no chain, bridge, socket, pid file or container is shared.
containerd is started by us, not by dockerd, because dockerd would take the system's containerd where one runs.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.host import leftovers
from deploy.host.daemons import POLL, Daemon
from deploy.host.engine_api import answers, ask
from deploy.host.execs import readers
from deploy.host.faults import HostFault
from deploy.host.namespace import inside, make_namespace, remove_namespace
from deploy.host.places import Places, quoted
from deploy.host.registry import configuration as registry_configuration
from deploy.host.registry import registry_daemon
from deploy.host.runtime import runtime, runtime_path

START_LIMIT = 30.0
"""Seconds that the engine may take to answer: it needs 0.5, and ten times that on a busy disk with many networks."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The three processes of one state folder. `start` and `stop` may be called again and again."""

    places: Places

    @property
    def socket(self) -> Path:
        return self.places.engine_socket

    def start(self) -> bool:
        """Bring the engine up and wait until it answers; True when it was up already (a launcher was killed)."""
        places = self.places
        places.prepare()
        make_namespace(places)
        if self._running():
            return True
        self._end_processes()
        _write_configurations(places)
        self._start(self._daemons())
        self._wait()
        return False

    def stop(self) -> None:
        """End every container and process, then remove mounts, namespace, cgroups and the run folder; data stays."""
        leftovers.thaw(self.places)
        if answers(self.socket):
            _kill_containers(self.socket)
        self._end_processes()
        leftovers.end_shims(self.places)
        leftovers.unmount(self.places)
        remove_namespace(self.places)
        leftovers.remove_cgroups(self.places)
        leftovers.remove_run_folder(self.places)

    def keep(self) -> tuple[str, ...]:
        """Start again what died meanwhile; the names of what had to be started."""
        dead = tuple(daemon for daemon in self._daemons() if daemon.pid() is None)
        self._start(dead)
        return tuple(daemon.name for daemon in dead)

    def _start(self, daemons: Iterable[Daemon]) -> None:
        with readers(self.places) as outputs:
            for daemon in daemons:
                if daemon.name == "dockerd":
                    (self.places.run / "dockerd.pid").unlink(missing_ok=True)
                    daemon.start(outputs)
                else:
                    daemon.start()

    def _daemons(self) -> tuple[Daemon, Daemon, Daemon]:
        return containerd_daemon(self.places), dockerd_daemon(self.places), registry_daemon(self.places)

    def _running(self) -> bool:
        wanted = _configurations(self.places)
        unchanged = all(path.exists() and path.read_text("utf-8") == text for path, text in wanted.items())
        return unchanged and all(daemon.pid() for daemon in self._daemons()) and answers(self.socket)

    def _end_processes(self) -> None:
        """dockerd before its containerd."""
        containerd, dockerd, registry = self._daemons()
        registry.stop(grace=1.0)
        dockerd.stop(grace=5.0)
        containerd.stop(grace=2.0)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not answers(self.socket):
            for daemon in self._daemons():
                if daemon.pid() is None:
                    raise HostFault(f"{daemon.name} ended at its start. Its last words:\n{daemon.last_words()}")
            if time.monotonic() > deadline:
                words = dockerd_daemon(self.places).last_words()
                raise HostFault(f"The engine does not answer after {START_LIMIT:.0f} s. Its last words:\n{words}")
            time.sleep(POLL)


def dockerd_daemon(places: Places) -> Daemon:
    configuration = places.run / "dockerd.json"
    return Daemon(
        name="dockerd",
        command=inside(places, "dockerd", "--config-file", str(configuration)),
        mark=str(configuration),
        pid_file=places.run / "engine.pid",
        log=places.logs / "dockerd.log",
        # Engines from 29 on refuse the API version that the gate speaks unless they are told to keep it.
        environment={"DOCKER_MIN_API_VERSION": "1.41"},
    )


def containerd_daemon(places: Places) -> Daemon:
    configuration = places.run / "containerd.toml"
    return Daemon(
        name="containerd",
        command=inside(places, "containerd", "--config", str(configuration)),
        mark=str(configuration),
        pid_file=places.run / "containerd.pid",
        log=places.logs / "containerd.log",
        environment={"PATH": runtime_path(places)},
    )


def _configurations(places: Places) -> dict[Path, str]:
    return {
        places.run / "dockerd.json": json.dumps(dockerd_settings(places), indent=1),
        places.run / "containerd.toml": _containerd_settings(places),
        places.run / "registry.yml": registry_configuration(places),
        **runtime(places),
    }


def _write_configurations(places: Places) -> None:
    for path, text in _configurations(places).items():
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if path.parent == places.programs else 0o644)


def dockerd_settings(places: Places) -> dict[str, object]:
    """The engine's configuration file."""
    return {
        "data-root": str(places.engine_data),
        "exec-root": str(places.run / "exec"),
        "pidfile": str(places.run / "dockerd.pid"),
        "group": "root",
        "hosts": [f"unix://{places.engine_socket}"],
        "containerd": str(places.containerd_socket),
        "bridge": "none",
        "userns-remap": "default",
        # A restarted dockerd finds its containers running: a learner's shell outlives an engine's crash.
        "live-restore": True,
        "icc": False,
        "userland-proxy": False,
        # A lab is one /28; a /14 holds 16,384 of them, and the engine keeps the whole list in memory.
        "default-address-pools": [{"base": "10.64.0.0/14", "size": 28}],
        "log-driver": "local",
        "log-opts": {"max-size": "1m", "max-file": "2"},
        "registry-mirrors": [f"http://{places.registry}"],
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "cgroup-parent": f"/{places.name}",
        # The containerd image store of newer engines does not work with userns-remap.
        "features": {"containerd-snapshotter": False},
        # `info` writes a line for each container's start and end, for months.
        "log-level": "warn",
        "shutdown-timeout": 5,
        "runtimes": {"runsc": {"path": path}} if (path := shutil.which("runsc")) else {},
    }


def _containerd_settings(places: Places) -> str:
    """Only what dockerd uses: runtimes and tasks. The rest costs memory, and `opt` would make a folder in /opt."""
    unused = ["grpc.v1.cri", "internal.v1.opt"] + [
        f"snapshotter.v1.{kind}" for kind in ("aufs", "btrfs", "devmapper", "zfs")
    ]
    return (
        "version = 2\n"
        f"root = {quoted(str(places.containerd_data))}\n"
        f"state = {quoted(str(places.run / 'containerd'))}\n"
        f"disabled_plugins = {json.dumps([f'io.containerd.{plugin}' for plugin in unused])}\n"
        f"[grpc]\naddress = {quoted(str(places.containerd_socket))}\n"
        '[debug]\nlevel = "warn"\n'
    )


def _kill_containers(socket: Path) -> None:
    """End what still runs: live-restore would keep it alive without an engine."""
    _, running = ask(socket, "GET", "/v1.41/containers/json")
    with ThreadPoolExecutor(max_workers=8) as pool:
        # 404 and 409: it ended by itself meanwhile.
        list(pool.map(lambda item: ask(socket, "POST", f"/v1.41/containers/{item['Id']}/kill"), running))
