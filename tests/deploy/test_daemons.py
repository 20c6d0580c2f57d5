"""A pid file is believed only when the process behind it is ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.host.daemons import EXEC_LIMIT, Daemon, command_line, end_process


def daemon(folder: Path, script: str) -> Daemon:
    """A daemon that runs this Python script; its mark is the folder, which no other process names."""
    command = (sys.executable, "-c", script, str(folder))
    return Daemon("test", command, mark=str(folder), pid_file=folder / "pid", log=folder / "log")


def wait_for(text: str, log: Path) -> None:
    deadline = time.monotonic() + 10
    while text not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_daemon_is_found_by_its_pid_file_and_ended(tmp_path: Path) -> None:
    """Another Daemon value of the same files finds the process and ends it."""
    daemon(tmp_path, "import time; time.sleep(60)").start()
    again = daemon(tmp_path, "")
    pid = again.pid()
    assert pid is not None
    again.stop(grace=5)
    assert again.pid() is None
    assert command_line(pid) == ""


def test_a_daemon_does_not_get_the_bots_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Least of all its token: a container's shim inherits what its daemon was given."""
    monkeypatch.setenv("TELEGRAM_TOKEN", "secret")
    monkeypatch.setenv("DOSIRAK_ADMINS", "1")
    started = daemon(tmp_path, "import os, time; print(sorted(os.environ), flush=True); time.sleep(60)")
    started.start()
    try:
        wait_for("PATH", started.log)
        assert "TELEGRAM_TOKEN" not in started.log.read_text() and "DOSIRAK_ADMINS" not in started.log.read_text()
    finally:
        started.stop(grace=5)


def test_a_pid_that_is_someone_elses_now_is_not_believed(tmp_path: Path) -> None:
    """After a crash the number may belong to any process: it is neither reported nor ended."""
    other = subprocess.Popen(("sleep", "60"))
    try:
        stale = daemon(tmp_path, "")
        stale.pid_file.write_text(str(other.pid))
        assert stale.pid() is None
        stale.stop(grace=1)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_pid_file_with_nonsense_is_no_process(tmp_path: Path) -> None:
    """A half-written or empty pid file means: not running."""
    broken = daemon(tmp_path, "")
    for text in ("", "abc", "-1", "999999999"):
        broken.pid_file.write_text(text)
        assert broken.pid() is None


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """The grace is bounded: SIGKILL follows."""
    stubborn = daemon(
        tmp_path,
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(3600)",
    )
    stubborn.start()
    wait_for("up", stubborn.log)
    stubborn.stop(grace=0.1)
    assert stubborn.pid() is None


def test_a_zombie_counts_as_gone() -> None:
    """A dead child that nobody has waited for does not hold up a stop."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert command_line(child) == ""
    os.waitpid(child, 0)


def test_ending_a_process_that_is_gone_is_no_error() -> None:
    """Between a look and a signal a process may end."""
    child = subprocess.Popen(("true",))
    child.wait()
    end_process(child.pid, "true", grace=0.1)


def test_the_log_before_is_kept_and_the_last_words_are_the_new_ones(tmp_path: Path) -> None:
    """A restart does not wipe out why the one before ended."""
    chatty = daemon(tmp_path, "print('second')")
    chatty.log.write_text("first\n")
    chatty.start()
    wait_for("second", chatty.log)
    chatty.stop(grace=1)
    assert chatty.last_words() == "second"
    assert chatty.log.with_suffix(".old").read_text() == "first\n"


def test_signals_are_not_inherited(tmp_path: Path) -> None:
    """A daemon has a session of its own: a Ctrl-C in the launcher's terminal does not reach it."""
    detached = daemon(tmp_path, "import time; time.sleep(60)")
    detached.start()
    pid = detached.pid()
    assert pid is not None
    try:
        assert os.getsid(pid) == pid != os.getsid(0)
    finally:
        os.kill(pid, signal.SIGKILL)
        detached.stop(grace=1)


def test_what_never_has_a_command_line_is_not_waited_for() -> None:
    """The kernel's own threads are hundreds, and who looks for shims asks each."""
    threads = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _parent(path) == 2]
    started = time.monotonic()
    assert {command_line(pid) for pid in threads} <= {""}
    assert time.monotonic() - started < EXEC_LIMIT


def test_a_program_that_comes_from_a_cold_disk_is_there(tmp_path: Path) -> None:
    """In the middle of an exec a process has no command line, for as long as it takes to read the program."""
    started = daemon(tmp_path, "import time; time.sleep(60)")
    for _ in range(5):
        disk = os.open(os.path.realpath(sys.executable), os.O_RDONLY)
        os.posix_fadvise(disk, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(disk)
        started.start()
        try:
            assert started.pid() is not None
        finally:
            started.stop(grace=5)


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
