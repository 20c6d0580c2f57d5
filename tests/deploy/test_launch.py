"""What the two commands of the README say and choose before they start anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.settings import Settings
from deploy.host import bot as bot_module
from deploy.host import launch
from deploy.host.bot import Bot, address, wait_until_free
from deploy.host.engine import dockerd_settings
from deploy.host.external import demand, demand_runtime, external_socket, labs_cgroup, weaker
from deploy.host.faults import HostFault
from deploy.host.places import Places
from deploy.host.usage import USAGE

ROOT = Path(__file__).resolve().parents[2]


def test_help_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    """--help explains all settings that the bot reads."""
    assert launch.main(["--help"]) == 0
    said = capsys.readouterr().out
    for field in Settings.model_fields.values():
        assert str(field.validation_alias) in said


def test_help_tells_the_real_default_address() -> None:
    """The launcher knows the address before the bot does: both have the same default."""
    assert Settings.model_fields["listen"].default == bot_module.LISTEN
    assert bot_module.LISTEN in USAGE


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A typing mistake starts nothing."""
    assert launch.main(["--hepl"]) == 2
    assert "--hepl" in capsys.readouterr().err


@pytest.mark.parametrize("script", ["run", "test"])
def test_commands_explain_themselves(script: str) -> None:
    """Both commands answer --help, from any folder."""
    result = subprocess.run((ROOT / "deploy" / script, "--help"), cwd="/", capture_output=True, text=True)
    assert (result.returncode, result.stdout.split(":")[0]) == (0, f"deploy/{script}")


def test_the_newest_fitting_python_is_chosen(tmp_path: Path) -> None:
    """Too old an interpreter is passed over, however it is called."""
    (tmp_path / "python3.13").write_text("#!/bin/sh\nexit 1\n")  # as an old one answers the version check
    (tmp_path / "python3.12").write_text(
        f'#!/bin/sh\ncase $1 in -c) exec {sys.executable} "$@";; *) echo chosen;; esac\n'
    )
    for name in ("python3.13", "python3.12"):
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    result = subprocess.run((ROOT / "deploy/run",), env=environment, capture_output=True, text=True)
    assert result.stdout == "chosen\n"


def test_the_state_folder_is_the_chosen_one(tmp_path: Path) -> None:
    """DOSIRAK_STATE decides; without it `.state` in the repository, where containers can enter that."""
    assert launch.choose_state({"DOSIRAK_STATE": "/some/where"}, tmp_path) == Path("/some/where")
    assert launch.choose_state({"DOSIRAK_STATE": ""}, Path("/srv/dosirak")) == Path("/srv/dosirak/.state")


def test_a_repository_in_a_closed_home_keeps_its_state_elsewhere(tmp_path: Path) -> None:
    """Cloned into root's home, which nobody else may enter, it still works; so does a chosen folder in such a place."""
    tmp_path.chmod(0o700)
    assert launch.choose_state({}, tmp_path).parent == Path("/var/lib")
    assert launch.choose_state({"DOSIRAK_STATE": str(tmp_path / "state")}, tmp_path).parent == Path("/var/lib")


@pytest.mark.parametrize(
    "listen, expected",
    [("0.0.0.0:80", ("127.0.0.1", 80)), ("[::]:80", ("::1", 80)), ("10.0.0.1:8080", ("10.0.0.1", 8080))],
)
def test_the_address_to_look_at_follows_from_the_one_to_listen_at(listen: str, expected: tuple[str, int]) -> None:
    """A wildcard address is looked for at loopback."""
    assert address(listen) == expected


@pytest.mark.parametrize("listen", ["8080:", "localhost", "127.0.0.1:http", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_a_sentence(listen: str) -> None:
    """It says which setting, and how one is written."""
    with pytest.raises(HostFault, match=r"DOSIRAK_LISTEN.*host:port"):
        address(listen)


def test_a_port_in_use_is_a_sentence(tmp_path: Path) -> None:
    """It says which address, and which setting changes it."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        listen = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(HostFault, match=rf"{listen}.*DOSIRAK_LISTEN"):
            wait_until_free(listen, seconds=0)


def test_one_launcher_for_a_state_folder(tmp_path: Path) -> None:
    """A second start on the same folder says who runs already."""
    from contextlib import ExitStack

    from deploy.host.places import Places

    with ExitStack() as first, ExitStack() as second:
        launch._lock(Places(tmp_path), first)
        with pytest.raises(HostFault, match=f"already runs.*pid {os.getpid()}"):
            launch._lock(Places(tmp_path), second)


def stand_in(folder: Path, script: str) -> Bot:
    """A bot whose environment's Python is a shell script."""
    python = folder / "venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return Bot(folder / "venv", folder)


@pytest.mark.parametrize("script, code", [("exit 2", 2), ("kill -9 $$", 128 + signal.SIGKILL), ("exit 0", 0)])
def test_the_bots_exit_code_is_passed_on(tmp_path: Path, script: str, code: int) -> None:
    """A settings fault (2) stays a 2; a death by signal is 128 + signal, as shells say it."""
    bot = stand_in(tmp_path, script)
    bot.start({})
    assert bot.wait(10) == code
    bot.stop()


def test_the_bot_gets_its_settings_and_ends_at_sigterm(tmp_path: Path) -> None:
    """The launcher's settings reach the bot; stopping is a SIGTERM that the bot can use."""
    bot = stand_in(
        tmp_path, f"trap 'echo ended $DOSIRAK_STATE > {tmp_path}/out; exit 0' TERM; touch {tmp_path}/up; sleep 9 & wait"
    )
    bot.start({"DOSIRAK_STATE": "/here"})
    while not (tmp_path / "up").exists():
        time.sleep(0.01)
    bot.stop()
    assert (tmp_path / "out").read_text() == "ended /here\n"
    assert not (tmp_path / "bot.pid").exists()


def test_the_bot_ends_with_its_launcher(tmp_path: Path) -> None:
    """A killed launcher leaves no bot behind that would go on answering."""
    stand_in(tmp_path, f"trap 'touch {tmp_path}/ended; exit 0' TERM; touch {tmp_path}/up; sleep 9 & wait")
    start = f"Bot(Path('{tmp_path}/venv'), Path('{tmp_path}')).start({{}}); time.sleep(60)"
    code = f"import time; from pathlib import Path; from deploy.host.bot import Bot; {start}"
    launcher = subprocess.Popen((sys.executable, "-c", code), cwd=ROOT)
    while not (tmp_path / "up").exists():
        time.sleep(0.01)
    launcher.kill()
    launcher.wait()
    deadline = time.monotonic() + 5
    while not (tmp_path / "ended").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_engine_elsewhere_is_refused() -> None:
    """Labs need a socket on this machine, at which an engine answers."""
    with pytest.raises(HostFault, match="only an engine on this machine"):
        external_socket("tcp://10.0.0.1:2375")
    with pytest.raises(HostFault, match="No Docker engine answers"):
        external_socket("unix:///nowhere/docker.sock")


def test_what_is_weaker_on_someone_elses_engine_is_told() -> None:
    """The words follow from what the engine says about itself."""
    bare = weaker({"SecurityOptions": ["name=seccomp,profile=default"], "LiveRestoreEnabled": False})
    assert any("userns-remap" in line for line in bare)
    assert any("live-restore" in line for line in bare)
    strict = weaker({"SecurityOptions": ["name=seccomp", "name=userns"], "LiveRestoreEnabled": True})
    assert len(strict) == 1


@pytest.mark.parametrize(
    "engine, words",
    [
        ({"CgroupDriver": "none"}, "native.cgroupdriver=cgroupfs"),
        ({"SecurityOptions": ["name=rootless"]}, "rootless"),
        ({"ApiVersion": "1.40"}, "update it"),
        ({"MinAPIVersion": "1.44"}, "DOCKER_MIN_API_VERSION=1.41"),
        ({"OSType": "windows"}, "Linux"),
    ],
)
def test_an_engine_that_labs_cannot_live_on_is_refused(engine: dict[str, object], words: str) -> None:
    """One sentence says what is wrong with somebody's engine, and what to do."""
    fit = {"CgroupDriver": "cgroupfs", "ApiVersion": "1.52", "MinAPIVersion": "1.24", "OSType": "linux"}
    demand(fit, fit)
    with pytest.raises(HostFault, match=words):
        demand(fit | engine, fit | engine)


@pytest.mark.parametrize("driver, own", [("cgroupfs", "/dosirak-1"), ("systemd", "dosirak-1.slice")])
def test_labs_on_someone_elses_engine_stand_where_the_state_folder_says(driver: str, own: str) -> None:
    """Two bots do not share a cgroup; it is written as the engine's cgroup driver wants it, and so is a chosen one."""
    information = {"CgroupDriver": driver}
    assert labs_cgroup(information, "dosirak-1", None) == labs_cgroup(information, "dosirak-1", "") == own
    assert labs_cgroup(information, "dosirak-1", own) == own
    other = "dosirak-1.slice" if driver == "cgroupfs" else "/dosirak-1"
    with pytest.raises(HostFault, match=rf"DOSIRAK_CGROUP is '{other}'.*'{driver}'"):
        labs_cgroup(information, "dosirak-1", other)


def test_a_runtime_that_the_engine_does_not_know_is_refused() -> None:
    """DOSIRAK_RUNTIME=runsc without gVisor on the machine: told at the start, not at the first lab."""
    demand_runtime({"Runtimes": {"runc": {}, "runsc": {}}}, "runsc")
    with pytest.raises(HostFault, match="install runsc"):
        demand_runtime({"Runtimes": {"runc": {}}}, "runsc")


def test_gvisor_is_known_to_the_private_engine_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found on the PATH, as root has it."""
    places = Places.of(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert dockerd_settings(places)["runtimes"] == {}
    (tmp_path / "runsc").touch(mode=0o755)
    assert dockerd_settings(places)["runtimes"] == {"runsc": {"path": str(tmp_path / "runsc")}}
