"""The line about what the kernel has for all labs together."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings
from deploy.host import kernel

DEFAULTS = {
    "kernel.keys.maxkeys": 200,
    "kernel.keys.maxbytes": 20000,
    "fs.inotify.max_user_instances": 128,
    "kernel.pty.max": 4096,
    "kernel.pty.reserve": 1024,
    "kernel.pid_max": 4194304,
}
"""Of a usual machine."""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel's switches, as files."""
    monkeypatch.setattr(kernel, "SYSCTLS", tmp_path)
    for name, number in DEFAULTS.items():
        file = tmp_path / name.replace(".", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{number}\n")
    return tmp_path


def test_the_line_names_what_is_short_and_the_command(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And after that command there is no line any more."""
    kernel.tell({}, userns=True)
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "kernel.keys.maxkeys is 200" in line and "pid_max" not in line
    command = line.partition("sysctl -w ")[2].partition(" (")[0]
    raised = dict(word.split("=") for word in command.split())
    assert raised == {
        "kernel.keys.maxkeys": "2820",
        "kernel.keys.maxbytes": "282000",
        "fs.inotify.max_user_instances": "8192",
    }
    for name, number in raised.items():
        (machine / name.replace(".", "/")).write_text(number)
    kernel.tell({}, userns=True)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"DOSIRAK_LABS_MAX": "10", "DOSIRAK_LAB_CONTAINERS": "12"}, "fs.inotify.max_user_instances=592 ("),
        ({"DOSIRAK_LABS_MAX": "1000"}, "kernel.pty.max=9024"),
        ({"DOSIRAK_LABS_MAX": "20000"}, "kernel.pid_max=5124096"),
        ({"DOSIRAK_LABS_MAX": "many"}, "less than 200 labs"),
    ],
)
def test_the_settings_count(
    machine: Path, capsys: pytest.CaptureFixture[str], variables: dict[str, str], said: str
) -> None:
    """What is no number is the bot's to refuse."""
    kernel.tell(variables, userns=True)
    assert said in capsys.readouterr().out


def test_keys_of_root_itself_are_enough(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On an engine that maps root to nobody else."""
    kernel.tell({}, userns=False)
    assert "keys" not in capsys.readouterr().out


def test_a_kernel_without_the_switches_is_no_reason_to_speak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is known to be short there."""
    monkeypatch.setattr(kernel, "SYSCTLS", tmp_path)
    kernel.tell({}, userns=True)
    assert capsys.readouterr().out == ""


def test_the_defaults_are_the_bots() -> None:
    """Written twice, since the launcher runs before the bot's libraries are there."""
    fields = Settings.model_fields
    names = ("labs_max", "lab_containers", "lab_pids")
    assert tuple(fields[name].default for name in names) == (kernel.LABS, kernel.CONTAINERS, kernel.PIDS)
