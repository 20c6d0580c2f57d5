"""The private engine on a real machine: alone, found again, and gone without a trace."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.host.daemons import Daemon
from deploy.host.engine import Engine, containerd_daemon, dockerd_daemon
from deploy.host.engine_api import Images, answers, ask
from deploy.host.faults import HostFault
from deploy.host.images import SAMPLES, TOOLBOX, cache_folder, images_key
from deploy.host.leftovers import CGROUPS
from deploy.host.places import Places
from deploy.host.temporary import EngineHost

pytestmark = pytest.mark.engine


@pytest.fixture
def engine(engine_host: EngineHost) -> Iterator[Engine]:
    """A second engine beside the session's, on a state folder of its own."""
    state = Path(tempfile.mkdtemp(prefix="dosirak-second-"))
    second = Engine(Places.of(state))
    second.start()
    try:
        yield second
    finally:
        second.stop()
        shutil.rmtree(state, ignore_errors=True)


def docker(engine: Engine, *arguments: str) -> str:
    command = ("docker", "--host", f"unix://{engine.socket}", *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def run_container(engine: Engine, *command: str) -> str:
    """A running container on the second engine, with a bridge network; its id."""
    Images(engine.socket).load(cache_folder() / f"images-{images_key()}" / "samples.tar")
    docker(engine, "network", "create", "--internal", "lab")
    return docker(engine, "run", "--detach", "--network", "lab", SAMPLES["base"], *(command or ("sleep", "1000")))


def until(condition: Callable[[], object]) -> None:
    """Wait for it; a busy machine needs seconds for what takes a hundredth of one."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def slow_down(engine: Engine, container: str, quota: int | None) -> None:
    """Microseconds of CPU time that a container gets in each tenth of a second; None: as much as it wants."""
    group = f"{engine.places.name}/{container}"
    for file, value in (
        (CGROUPS / "cpu" / group / "cpu.cfs_quota_us", str(quota or -1)),
        (CGROUPS / group / "cpu.max", f"{quota or 'max'} 100000"),
    ):
        if file.exists():
            file.write_text(value)


def kill_at_once(daemon: Daemon) -> None:
    """Without the SIGTERM that lets it tidy up."""
    pid = daemon.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: daemon.pid() is None)


def processes_with(pattern: str) -> list[str]:
    lines = subprocess.run(("ps", "-ww", "-eo", "args"), capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if re.search(pattern, line) and "containerd-shim" not in line]


def traces(places: Places) -> list[str]:
    """Everything on this machine that names this engine: processes, mounts, namespace, cgroups, run folder."""
    found = [
        f"process {line}"
        for line in subprocess.run(("ps", "-eo", "pid,args"), capture_output=True, text=True).stdout.splitlines()
        if places.name in line
    ]
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found += [f"mount {line}" for line in mounts if places.name in line or f"{places.state}/" in line]
    found += [str(path) for path in (places.namespace, places.run) if path.exists()]
    return found + [str(path) for path in (CGROUPS / places.name, *CGROUPS.glob(f"*/{places.name}")) if path.exists()]


def host_firewall() -> str:
    return subprocess.run(("iptables-save",), check=True, capture_output=True, text=True).stdout.partition("\n")[2]


def rules(text: str) -> list[str]:
    """The rules and chains of an iptables-save, without comments and counters."""
    return [line.partition(" [")[0] for line in text.splitlines() if not line.startswith("#")]


def test_sample_images_are_in_the_registry_and_only_the_toolbox_in_the_engine(engine_host: EngineHost) -> None:
    """A first pull is a real one, and a lab's shell needs none."""
    assert Images(engine_host.socket).has(TOOLBOX)
    repositories = engine_host.state / "registry/docker/registry/v2/repositories"
    assert all((repositories / reference.partition(":")[0]).is_dir() for reference in SAMPLES.values())


def test_the_owners_firewall_and_interfaces_stay_as_they_are(engine: Engine) -> None:
    """Bridges and chains are in the engine's own namespace; the machine's own has not one line more."""
    before, links = rules(host_firewall()), sorted(path.name for path in Path("/sys/class/net").iterdir())
    container = run_container(engine)
    assert rules(host_firewall()) == before
    assert sorted(path.name for path in Path("/sys/class/net").iterdir()) == links
    docker(engine, "rm", "--force", container)


def test_two_engines_know_nothing_of_each_other(engine: Engine, engine_host: EngineHost) -> None:
    """Each state folder has its own images, containers and networks; ending one leaves the other alone."""
    container = run_container(engine)
    assert container not in str(ask(engine_host.socket, "GET", "/v1.41/containers/json?all=1")[1])
    engine.stop()
    assert not answers(engine.socket)
    assert answers(engine_host.socket)


def test_stop_leaves_nothing(engine: Engine) -> None:
    """With a container still running: no process, mount, namespace, cgroup or run folder is left, and twice is fine."""
    run_container(engine)
    assert traces(engine.places)
    engine.stop()
    assert traces(engine.places) == []
    engine.stop()


def test_stop_leaves_nothing_of_a_killed_engine(engine: Engine) -> None:
    """Even when dockerd and containerd died before and only shims and containers live."""
    run_container(engine)
    for daemon in (dockerd_daemon(engine.places), containerd_daemon(engine.places)):
        daemon.stop(grace=0)
    engine.stop()
    assert traces(engine.places) == []


def test_a_running_engine_is_found_again(engine: Engine) -> None:
    """After the launcher was killed, the next start uses the engine that still answers."""
    pid = dockerd_daemon(engine.places).pid()
    again = Engine(Places.of(engine.places.state))
    assert again.start() is True
    assert dockerd_daemon(again.places).pid() == pid


def test_a_dead_engine_is_started_again_and_finds_its_container(engine: Engine) -> None:
    """A container outlives a crash of dockerd."""
    container = run_container(engine)
    process = docker(engine, "inspect", "--format", "{{.State.Pid}}", container)
    dockerd_daemon(engine.places).stop(grace=0)
    assert engine.keep() == ("dockerd",)
    assert engine.keep() == ()
    engine.start()
    assert docker(engine, "inspect", "--format", "{{.State.Pid}}", container) == process


def test_a_command_that_was_being_started_does_not_silence_its_container(engine: Engine) -> None:
    """dockerd is killed between a command's start and its first output: the container goes on with its logs."""
    container = run_container(engine, "sh", "-c", "while sleep 0.1; do echo tick; done")
    slow_down(engine, container, 1000)
    starting = subprocess.Popen(
        ("docker", "--host", f"unix://{engine.socket}", "exec", container, "true"), stderr=subprocess.DEVNULL
    )
    until(lambda: processes_with(f"runc .*{container}.* exec "))
    kill_at_once(dockerd_daemon(engine.places))
    starting.wait()
    slow_down(engine, container, None)
    until(lambda: not processes_with(f"runc .*{container}.* exec "))
    engine.keep()
    until(lambda: answers(engine.socket))
    assert docker(engine, "exec", container, "echo", "alive") == "alive"
    ticks = docker(engine, "logs", container).count("tick")
    until(lambda: docker(engine, "logs", container).count("tick") > ticks)


def test_an_engine_that_cannot_start_says_why(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault carries the engine's own last words."""
    engine.stop()
    engine.places.engine_data.rename(engine.places.state / "aside")
    engine.places.engine_data.mkdir()
    (engine.places.engine_data / "100000.100000").write_text("a file in the way")
    for folder in engine.places.engine_data.parent.glob("aside/*.*"):
        (engine.places.engine_data / folder.name).write_text("a file in the way")
    with pytest.raises(HostFault, match="last words"):
        engine.start()
